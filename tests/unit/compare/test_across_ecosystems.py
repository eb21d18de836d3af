"""One product under the names and versions of several ecosystems: package URLs, CPE names, packages split off."""

from __future__ import annotations

from collections import Counter

import pytest

from fwverify.compare.identifiers import Cpe, parsed_cpe
from fwverify.compare.interface import Inventory, InventoryFile
from fwverify.compare.match import match_products
from fwverify.compare.stage import compare
from fwverify.identify.version_table import table
from fwverify.model.component import Component, DeclaredComponent, Discrepancy
from tests.unit.compare.building import IMAGE, ROOT, document, sha256

CPE = "cpe:2.3:a:{}:{}:*:*:*:*:*:*:*"


def seen(name: str, version: str = "", purl: str = "", cpe: str = "", *paths: str, **more: object) -> Component:
    places = tuple(ROOT.into("squashfs", one) for one in paths or (f"usr/lib/{name}.so",))
    return Component(name, version, purl or f"pkg:generic/{name}", 90, ("test",), places, (), cpe=cpe, **more)  # type: ignore[arg-type]


def entry(name: str, version: str = "", purl: str = "", cpe: str = "") -> DeclaredComponent:
    return DeclaredComponent(name, version, purl, cpe, "library", bom_ref=f"{name} {version} {purl} {cpe}")


def rows(observed: list[Component], *declared: DeclaredComponent) -> list[Discrepancy]:
    files = tuple(
        InventoryFile(place, 1, (sha256(str(place)),))
        for place in sorted({at for one in observed for at in one.locators})
    )
    held = Inventory(tuple(observed), files, (), (InventoryFile(IMAGE, 1, ()),))
    return list(compare(held, [document(*declared)])[0])


def kinds(observed: list[Component], *declared: DeclaredComponent) -> dict[str, int]:
    return dict(Counter(one.kind.value for one in rows(observed, *declared)))


OPENSSL = seen("openssl", "3.0.15", cpe=CPE.format("openssl:openssl", "3.0.15"))
SAYINGS = (
    entry("libssl3", "3.0.15-1~deb12u1", "pkg:deb/debian/libssl3@3.0.15-1~deb12u1?arch=armhf"),
    entry("openssl", "3.0.15", "pkg:generic/openssl@3.0.15"),
    entry("TLS part of the gateway", "3.0.15", cpe=CPE.format("openssl:openssl", "3.0.15")),
    entry("TLS part of the gateway", cpe=CPE.format("openssl:openssl", "3.0.15")),
    entry("TLS", cpe="cpe:/a:openssl:openssl:3.0.15"),
    entry("libopenssl", "3.0.15-r1", "pkg:apk/alpine/libssl3@3.0.15-r1"),
    entry("openssl", "openssl-3.0.15", "pkg:github/openssl/openssl@openssl-3.0.15"),
    entry("openssl-libs", "3.0.15-7.el9", "pkg:rpm/redhat/openssl-libs@3.0.15-7.el9?epoch=1"),
)


@pytest.mark.parametrize("saying", SAYINGS, ids=str)
def test_one_thing_many_names(saying: DeclaredComponent) -> None:
    """Each way to name OpenSSL 3.0.15 is met by the library, with its version."""
    found = rows([OPENSSL], saying)
    assert [(one.kind.value, one.version_agrees) for one in found] == [("matched", True)]


def test_a_commit_contradicts_nothing() -> None:
    """An entry for a commit of the repository is met by the library; which release it is, nothing tells."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    found = rows([OPENSSL], entry("openssl", commit, f"pkg:github/openssl/openssl@{commit}"))
    assert [(one.kind.value, one.version_agrees) for one in found] == [("matched", None)]


def test_many_names_of_one_thing() -> None:
    """All entries speak of the one component: nothing is absent and nothing differs."""
    assert kinds([OPENSSL], *SAYINGS) == {"matched": len(SAYINGS)}


def test_one_entry_for_many_packages() -> None:
    """Three packages of one product in the image, one entry for the product."""
    packages = [
        seen(name, "3.0.15-1~deb12u1", f"pkg:deb/debian/{name}@3.0.15-1~deb12u1")
        for name in ("libssl3", "libcrypto3", "openssl")
    ]
    assert kinds(packages, entry("openssl", "3.0.15", cpe=CPE.format("openssl:openssl", "3.0.15"))) == {"matched": 3}


def test_a_patch_level_is_not_hidden() -> None:
    """The same package at another revision differs, by its revision; a release seen in bytes does not tell."""
    installed = seen("libssl3", "3.0.15-1~deb12u2", "pkg:deb/debian/libssl3@3.0.15-1~deb12u2")
    (row,) = rows([installed], SAYINGS[0])
    assert (row.kind.value, row.differs_in) == ("version_differs", "revision")
    assert kinds([OPENSSL], SAYINGS[0]) == {"matched": 1}


def test_the_package_url_states_more_than_the_version() -> None:
    """Where the version field has the release alone, the package URL's revision still counts."""
    installed = seen("libssl3", "3.0.15-1~deb12u2", "pkg:deb/debian/libssl3@3.0.15-1~deb12u2")
    short = entry("libssl3", "3.0.15", "pkg:deb/debian/libssl3@3.0.15-1~deb12u1")
    assert kinds([installed], short) == {"version_differs": 1}


def test_the_version_of_a_cpe_name_counts() -> None:
    """An entry with a CPE name alone is held to the version in it."""
    old = entry("TLS", cpe=CPE.format("openssl:openssl", "3.0.14"))
    assert kinds([OPENSSL], old) == {"version_differs": 1}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*", Cpe("openbsd", "openssh", "9.2p1")),
        (r"cpe:2.3:a:x\:y:gtk\+:*:*:*:*:*:*:*:*", Cpe("x:y", "gtk+", "")),
        ("cpe:/a:haxx:libcurl:7.88.1", Cpe("haxx", "libcurl", "7.88.1")),
        ("cpe:2.3:o:linux:linux_kernel:-:*:*:*:*:*:*:*", Cpe("linux", "linux_kernel", "")),
        ("cpe:/a", Cpe("", "", "")),
        ("cpe:nothing", None),
    ],
)
def test_cpe_names(text: str, parts: Cpe | None) -> None:
    """Vendor, product and version with its update, in both bindings."""
    assert parsed_cpe(text) == parts


def test_vendors_are_told_apart() -> None:
    """A product of that name of another vendor is another one."""
    httpd = seen("httpd", "2.4.57", cpe=CPE.format("apache:http_server", "2.4.57"))
    assert kinds([httpd], entry("web", "2.4.57", cpe=CPE.format("apache:http_server", "2.4.57"))) == {"matched": 1}
    assert kinds([httpd], entry("web", "2.4.57", cpe=CPE.format("*:http_server", "2.4.57"))) == {"matched": 1}
    assert kinds([httpd], entry("http_server", "2.4.57")) == {"matched": 1}
    other = entry("web", "8.5", cpe=CPE.format("ibm:http_server", "8.5"))
    assert kinds([httpd], other) == {"undeclared": 1, "absent_visible": 1}


def test_every_product_of_the_table_by_its_cpe_name() -> None:
    """An entry with a name that says nothing and the dictionary's name meets its product and no other."""
    known = [one for one in table().known if one.cpe]
    declared = {
        entry(f"part {number}", "1.2.3", cpe=CPE.format(one.cpe, "1.2.3")): one.name for number, one in enumerate(known)
    }
    found = match_products([seen(one.name, "1.2.3", cpe=CPE.format(one.cpe, "1.2.3")) for one in known], declared)
    assert len(known) > 400
    assert all(row.declared is not None and row.observed is not None for row in found.rows)
    cpes = {one.name: one.cpe for one in known}  # FUSE 2 and 3 share theirs
    assert all(
        cpes[declared[row.declared]] == cpes[row.observed.name] for row in found.rows if row.declared and row.observed
    )


# --- packages that a distribution split off ----------------------------------------------------------------------

STRONGSWAN = seen("strongswan", "5.9.8", "", "", "usr/lib/ipsec/charon", "usr/sbin/swanctl")


def deb(name: str, version: str) -> DeclaredComponent:
    return entry(name, version, f"pkg:deb/debian/{name}@{version}")


@pytest.mark.parametrize("name", ["strongswan-charon", "strongswan-libcharon-extra", "charon", "swanctl"])
def test_split_off(name: str) -> None:
    """A package named after the product, or after a program of it, of the release that was seen, is there."""
    assert kinds([STRONGSWAN], deb("strongswan", "5.9.8-5"), deb(name, "5.9.8-5+deb12u1")) == {"matched": 2}


@pytest.mark.parametrize(
    "other", [deb("strongswan-charon", "5.9.9-1"), entry("strongswan-charon", "5.9.8"), deb("strong", "5.9.8-5")]
)
def test_not_split_off(other: DeclaredComponent) -> None:
    """Another release, an entry of no distribution's and another name are no such package."""
    assert kinds([STRONGSWAN], deb("strongswan", "5.9.8-5"), other) == {"matched": 1, "absent_visible": 1}


def test_the_only_package_of_a_product() -> None:
    """Of a product that one package alone declares, it is the entry."""
    frob = seen("libfrobnic", "1.24.6", "", "", "usr/lib/libfrobnic-glib.so.4.5.0")
    assert kinds([frob], deb("libfrobnic-glib4", "1.24.6-1")) == {"matched": 1}
    assert kinds([frob], deb("libfrobnic-glib4", "1.24.7-1")) == {"undeclared": 1, "absent_visible": 1}


def test_perhaps_split_off() -> None:
    """A product seen without version does not tell: the entry is not said to be missing."""
    for name in ("libzorblax", "zorblax"):
        found = kinds([seen(name)], deb("libzorblax17", "1.6.6-4"), deb("zorblax-common", "1.6.6-4"))
        assert found == {"matched": 1, "absent_unseen": 1}


def test_a_similar_name_takes_only_what_is_left() -> None:
    """memcached is not declared; the entry for libmemcached is that of the library, which is there."""
    client, server = seen("libmemcached"), seen("memcached", "1.6.38")
    assert kinds([client, server], entry("libmemcached", "1.1.4")) == {"matched": 1, "undeclared": 1}
    assert kinds([server], entry("libmemcached", "1.6.38")) == {"matched": 1}


def test_patches_that_packages_do_not_state() -> None:
    """Bash 5.1 with official patch 4 says 5.1.4; another release differs all the same."""
    bash = seen("bash", "5.1.4")
    assert kinds([bash], deb("bash", "5.1-2+deb11u1")) == {"matched": 1}
    assert kinds([bash], entry("bash", "5.1")) == {"matched": 1}
    assert kinds([bash], entry("bash", "5.1.16")) == {"version_differs": 1}
    assert kinds([bash], entry("bash", "5.2")) == {"version_differs": 1}
    assert kinds([seen("curl", "7.88.1")], entry("curl", "7.88")) == {"version_differs": 1}
