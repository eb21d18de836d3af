"""conclude: many clues, one component; never a version nobody saw, never two versions silently one."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from fwverify.formats.products import canonical_product
from fwverify.identify.conclude import conclude, upstream
from fwverify.identify.misnumbered import misnumbered
from fwverify.model.artifact import Locator, Step
from fwverify.model.component import Clue
from fwverify.model.versions import compare

ROOT = Locator((Step("fw.bin"), Step("rootfs", "fit")))


def clue(
    product: str, version: str, file: str, how: str = "version-string", confidence: int = 80, unit: str = "",
    root: Locator = ROOT,
) -> Clue:  # fmt: skip
    purl = f"pkg:deb/debian/{unit}@{version}" if unit else ""
    return Clue(
        product, version, root.into("squashfs", file), how, confidence, f"{product} {version}", purl=purl, unit=unit
    )


def row(unit: str, product: str, version: str) -> Clue:
    return clue(product, version, "var/lib/dpkg/status", "package-database", 95, unit)


def test_techniques_add_up() -> None:
    """One product, one version, three techniques: one component, each further technique adds two percent."""
    seen = conclude(
        [
            clue("openssl", "3.0.2", "lib/libcrypto.so.3"),
            clue("openssl", "", "lib/libcrypto.so.3", "elf-soname", 75),
            clue("openssl", "", "lib/libssl.so.3", "elf-symbols", 75),
        ]
    )
    assert [(one.name, one.version, one.confidence) for one in seen] == [("openssl", "3.0.2", 84)]
    assert seen[0].how == ("elf-soname", "elf-symbols", "version-string")
    assert [one.name for one in seen[0].locators] == ["lib/libcrypto.so.3", "lib/libssl.so.3"]


def test_confidence_has_a_ceiling() -> None:
    """Nothing is ever certain."""
    clues = [clue("a", "1", "x", f"technique-{at}", 95) for at in range(9)]
    assert conclude(clues)[0].confidence == 99


def test_package_takes_up_what_was_seen() -> None:
    """A version string that says the package's upstream release joins the package and keeps its version as written."""
    seen = conclude([row("libssl3", "openssl", "3.0.11-1~deb12u2"), clue("openssl", "3.0.11", "lib/libssl.so.3")])
    assert [(one.name, one.version, len(one.locators)) for one in seen] == [("libssl3", "3.0.11-1~deb12u2", 2)]
    assert seen[0].purl == "pkg:deb/debian/libssl3@3.0.11-1~deb12u2"


def test_second_copy_stays_apart() -> None:
    """A file whose version is not the package's is another component: that is how a private copy shows."""
    seen = conclude([row("libssl3", "openssl", "3.0.11-1"), clue("openssl", "1.0.2k", "opt/vendor/updater")])
    assert [(one.name, one.version) for one in seen] == [("libssl3", "3.0.11-1"), ("openssl", "1.0.2k")]
    assert not any(one.contradicted for one in seen)


def test_packages_of_one_product_by_name() -> None:
    """Of several packages of one source, the file goes to the one named like it."""
    seen = conclude(
        [
            row("libssl3", "openssl", "3.0.11-1"),
            row("libcrypto3", "openssl", "3.0.11-1"),
            clue("openssl", "", "lib/libssl.so.3", "elf-soname", 75),
        ]
    )
    assert [(one.name, len(one.locators)) for one in seen] == [("libcrypto3", 1), ("libssl3", 2)]


def test_contradiction() -> None:
    """Two versions of one product in one file: both stay, and both say so."""
    seen = conclude([clue("busybox", "1.35.0", "bin/busybox"), clue("busybox", "1.36.1", "bin/busybox")])
    assert [(one.version, one.contradicted) for one in seen] == [("1.35.0", True), ("1.36.1", True)]
    apart = conclude([clue("busybox", "1.35.0", "bin/busybox"), clue("busybox", "1.36.1", "rescue/busybox")])
    assert [one.contradicted for one in apart] == [False, False]


def test_series_beside_its_release() -> None:
    """A file that states 1.7 and 1.7.1 is 1.7.1; two releases of a series, or other files, stay what they are."""
    series, full = clue("jq", "1.7", "bin/jq"), clue("jq", "1.7.1", "bin/jq", "build-path", 75)
    assert [(one.version, one.contradicted, one.how) for one in conclude([series, full])] == [
        ("1.7.1", False, ("build-path", "version-string"))
    ]
    other = clue("jq", "1.7.2", "bin/jq", "own-name", 75)
    assert [one.version for one in conclude([series, full, other])] == ["1.7", "1.7.1", "1.7.2"]
    assert [one.version for one in conclude([series, clue("jq", "1.7.1", "bin/jq2")])] == ["1.7", "1.7.1"]


def test_number_alone_beside_a_surer_release() -> None:
    """A number alone in a file that tells its product's release surely is that of something else."""
    sure = clue("gnuradio", "3.10.5.1", "lib/libgnuradio-runtime.so", "build-path", 75)
    lone = clue("gnuradio", "2.10.3", "lib/libgnuradio-runtime.so", "own-name", 70)
    elsewhere = clue("gnuradio", "2.10.3", "lib/libgnuradio-fft.so", "own-name", 70)
    assert [one.version for one in conclude([sure, lone])] == ["3.10.5.1"]
    assert [one.version for one in conclude([sure, elsewhere])] == ["2.10.3", "3.10.5.1"]


def test_unversioned_is_not_guessed() -> None:
    """With two releases about, a name alone belongs to neither; alone it is a component without version."""
    clues = [
        clue("zlib", "1.2.11", "a"),
        clue("zlib", "1.3.1", "b"),
        clue("zlib", "", "lib/libz.so.1", "elf-soname", 75),
    ]
    assert [one.version for one in conclude(clues)] == ["", "1.2.11", "1.3.1"]
    assert [(one.name, one.version) for one in conclude(clues[2:])] == [("zlib", "")]


def test_images_do_not_mix() -> None:
    """The same product in two images is two components."""
    other = Locator((Step("recovery.bin"),))
    seen = conclude([clue("linux", "5.10.92", "k", root=ROOT), clue("linux", "", "k", "elf-soname", 60, root=other)])
    assert [one.version for one in seen] == ["", "5.10.92"]


def test_order_does_not_matter() -> None:
    """Any order of the same clues gives the same components."""
    clues = [
        clue("zlib", version, f"f{at % 3}", f"t{at % 4}", 60 + at % 30, unit)
        for at, (version, unit) in enumerate((v, u) for v in ("", "1.2", "1.3-1") for u in ("", "zlib1g", "zlib-dev"))
        if version or not unit
    ]
    first = conclude(clues)
    for seed in range(20):
        random.Random(seed).shuffle(clues)
        assert conclude(clues) == first


@pytest.mark.parametrize(
    ("written", "release"),
    [
        ("1:1.2.13.dfsg-1", "1.2.13"), ("3.0.11-1~deb12u2", "3.0.11"), ("7.88.9-10+deb12u15", "7.88.9"),
        ("2022.82-2", "2022.82"), ("1:9.2p1-2+deb12u3", "9.2p1"), ("252.39-1~deb12u2", "252.39"), ("2.36.0-1", "2.36"),
        ("30+20221128-1", "30"), ("2.4+20151223.gitfa8646d.1-2+b4", "2.4"), ("5.0+2022-1", "5.0+2022"),
    ],
)  # fmt: skip
def test_upstream(written: str, release: str) -> None:
    """Packaging is taken off, the release stays."""
    assert upstream(written, packaged=True) == release


def bound(product: str, file: str, since: str = "", before: str = "") -> Clue:
    return replace(clue(product, "", file, "elf-exports", 70), since=since, before=before)


def test_bounds_narrow_one_another() -> None:
    """Two lower bounds and an upper one: one component, the narrowest range."""
    (one,) = conclude([bound("zlib", "lib/libz.so.1", "1.2.9", "1.3"), bound("zlib", "bin/gzip", "1.2.12")])
    assert (one.version, one.since, one.before, one.contradicted) == ("", "1.2.12", "1.3", False)
    assert one.stated == "1.2.12 or later, before 1.3"


def test_bounds_that_leave_nothing() -> None:
    """A range that cannot be is no range, and said."""
    (one,) = conclude([bound("zlib", "lib/libz.so.1", "1.3"), bound("zlib", "bin/gzip", "", "1.2.9")])
    assert (one.since, one.before, one.contradicted) == ("", "", True)


def test_bounds_without_an_order() -> None:
    """Bounds that cannot be put in an order bound nothing: a range must hold the truth."""
    (one,) = conclude([bound("x", "lib/libx.so.1", "1.0-foo"), bound("x", "bin/x", "1.0-bar")])
    assert (one.since, one.contradicted) == ("", False)


def test_excluded_release_is_not_joined() -> None:
    """A file that cannot be of the release known at the place is a component of its own."""
    seen = conclude([clue("zlib", "1.2.8", "lib/libz.so.1"), bound("zlib", "opt/libz.so.1", "1.2.12")])
    assert [(one.version, one.since) for one in seen] == [("", "1.2.12"), ("1.2.8", "")]


def test_excluded_release_in_one_file() -> None:
    """A version text and what the same file exports exclude one another: kept, and said."""
    seen = conclude([clue("zlib", "1.2.8", "lib/libz.so.1"), bound("zlib", "lib/libz.so.1", "1.2.12")])
    assert all(one.contradicted for one in seen)


@pytest.mark.parametrize(
    ("seen", "cpe"),
    [
        (clue("openssl", "3.0.2", "lib/libcrypto.so.3"), "cpe:2.3:a:openssl:openssl:3.0.2:*:*:*:*:*:*:*"),
        (clue("openssl", "", "lib/libcrypto.so.3"), "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*"),
        (row("zlib1g", "zlib", "1:1.2.13+dfsg-1"), "cpe:2.3:a:zlib:zlib:1.2.13:*:*:*:*:*:*:*"),
        (clue("glib", "2.74.0+a", "lib/a.so"), "cpe:2.3:a:gnome:glib:2.74.0\\+a:*:*:*:*:*:*:*"),
        (clue("acmepump", "1.0", "bin/pump"), ""),
    ],
)
def test_cpe(seen: Clue, cpe: str) -> None:
    """A known product has its name of the CPE dictionary, with the release where it is established."""
    assert [one.cpe for one in conclude([seen])] == [cpe]


@pytest.mark.parametrize(("confidence", "version"), [(70, ""), (75, "7.88.9")])
def test_weak_release_yields_to_bounds(confidence: int, version: str) -> None:
    """What a program says by itself is no release where the interface of the product's library excludes it."""
    said = clue("swupdate", "7.88.9", "usr/bin/swupdate", "own-name", confidence)
    found = conclude([said, bound("swupdate", "usr/lib/libswupdate.so", "2021.11")])
    assert sorted({one.version for one in found})[-1] == version


# --- numbers that are no releases ------------------------------------------------------------------------------------


def test_misnumbered_data() -> None:
    """Products of the table, a release that is no later than what is stated, and a later one that ends it."""
    assert len(misnumbered()) > 20
    for (product, stated), stating in misnumbered().items():
        assert canonical_product(product) == product
        assert compare(stating.since, stated) != 1, product
        assert not stating.before or compare(stating.since, stating.before) == -1, product
    assert sum(1 for one in misnumbered().values() if one.before) > 50


def test_number_of_several_releases() -> None:
    """iproute2 5.10.0 says 5.9.0 of itself, and 6.1.0 does not: that is a range, and no part of what lies outside."""
    seen = conclude([clue("iproute2", "5.9.0", "sbin/ip", confidence=82)])
    assert [(one.version, one.since, one.before) for one in seen] == [("", "5.9.0", "6.1.0")]
    for package, versions in (("5.10.0-4", ["5.10.0-4"]), ("6.1.0-3", ["", "6.1.0-3"])):
        packaged = conclude([clue("iproute2", "5.9.0", "sbin/ip"), row("iproute2", "iproute2", package)])
        assert [(one.version, one.contradicted) for one in packaged] == [(one, False) for one in versions]
    assert [one.version for one in conclude([clue("iproute2", "5.15.0", "sbin/ip")])] == ["5.15.0"]


# --- copies inside of other products ---------------------------------------------------------------------------------

SERVER = clue("redis", "", "bin/redis-server", "program-name", 55)
COPY = clue("lua", "5.1.5", "bin/redis-server", confidence=90)


def whole(*clues: Clue) -> list[tuple[str, str, str]]:
    """Name, version and what it is inside of."""
    return [(one.name, one.version, one.inside) for one in conclude(clues)]


def test_copy_is_told_as_such() -> None:
    """A library's release that stands in another product's files alone: one copy for each product that holds it."""
    cache = clue("varnish", "", "bin/varnishd", "own-name", 70)
    held = clue("lua", "5.1.5", "bin/varnishd", confidence=90)
    assert whole(SERVER, COPY) == [("lua", "5.1.5", "redis"), ("redis", "", "")]
    assert whole(SERVER, COPY, cache, held)[:2] == [("lua", "5.1.5", "redis"), ("lua", "5.1.5", "varnish")]


def test_copy_says_nothing_of_the_library_itself() -> None:
    """A library without a release does not take that of a copy; one of the copy's release takes the copy in."""
    library = clue("lua", "", "lib/liblua5.4.so.0", "elf-soname", 75)
    assert whole(SERVER, COPY, library) == [("lua", "", ""), ("lua", "5.1.5", "redis"), ("redis", "", "")]
    assert whole(SERVER, COPY, clue("lua", "5.1.5", "lib/liblua.so")) == [("lua", "5.1.5", ""), ("redis", "", "")]
    assert whole(SERVER, COPY, row("lua5.1", "lua", "5.1.5-9"))[0] == ("lua5.1", "5.1.5-9", "")


def test_what_is_no_copy() -> None:
    """A file that nothing names, a program that others do not take in, and the library's own file."""
    assert whole(COPY) == [("lua", "5.1.5", "")]
    assert whole(SERVER, clue("dropbear", "2022.83", "bin/redis-server")) == [
        ("dropbear", "2022.83", ""),
        ("redis", "", ""),
    ]
    own = clue("lua", "", "bin/redis-server", "own-name", 70)
    assert whole(SERVER, COPY, own)[0] == ("lua", "5.1.5", "")


def test_modules_that_were_compiled_in() -> None:
    """Parts of what holds them: the product, else the main module; where neither is known, they stand alone."""
    made = replace(
        clue("log", "0.4.17", "lib/librav1e.so", "rust-audit", 97, "log"), purl="pkg:cargo/log@0.4.17", part=True
    )
    library = clue("rav1e", "", "lib/librav1e.so", "elf-soname", 75)
    root = replace(clue("rav1e", "0.5.1", "lib/librav1e.so", "rust-audit", 97, "rav1e"), purl="pkg:cargo/rav1e@0.5.1")
    assert whole(made) == [("log", "0.4.17", "")]
    assert whole(made, library) == [("log", "0.4.17", "rav1e"), ("rav1e", "", "")]
    assert whole(made, root) == [("log", "0.4.17", "rav1e"), ("rav1e", "0.5.1", "")]
    alone = replace(made, locator=ROOT.into("squashfs", "bin/other"))
    assert whole(made, library, alone) == [("log", "0.4.17", ""), ("rav1e", "", "")]
