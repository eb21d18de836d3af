"""Packages of programming languages: named with their package URL, and never taken for anything else."""

from __future__ import annotations

import pytest

from fwverify.content import identified
from fwverify.formats.ecosystems import ecosystem, package_url, plausible
from fwverify.identify.conclude import conclude
from fwverify.identify.stage import observe
from fwverify.model.artifact import Locator, Step
from fwverify.model.component import Clue, Component

ROOT = Locator((Step("image.bin"),))


def clue(product: str, version: str, purl: str = "", unit: str = "", name: str = "usr/bin/x", how: str = "x") -> Clue:
    return Clue(product, version, ROOT.into("squashfs", name), how, 85, product, purl=purl, unit=unit)


def told(*clues: Clue) -> list[tuple[str, str, str]]:
    return [(one.name, one.version, ecosystem(one.purl)) for one in conclude(clues)]


@pytest.mark.parametrize(
    ("kind", "name", "version", "purl"),
    [
        ("golang", "github.com/acme/pump/v2", "v2.0.1", "pkg:golang/github.com/acme/pump/v2@v2.0.1"),
        ("npm", "@acme/pump", "1.0.0", "pkg:npm/%40acme/pump@1.0.0"),
        ("pypi", "Acme.Pump_x", "1.0", "pkg:pypi/acme-pump-x@1.0"),
        ("maven", "org.acme/pump", "1.0", "pkg:maven/org.acme/pump@1.0"),
        ("cargo", "pump", "", "pkg:cargo/pump"),
    ],
)
def test_package_urls(kind: str, name: str, version: str, purl: str) -> None:
    """As purl-spec writes them."""
    assert package_url(kind, name, version) == purl
    assert ecosystem(purl) == kind


@pytest.mark.parametrize(
    ("name", "version"), [("a b", "1"), ("x", "${version}"), ("", "1"), ("x" * 300, "1"), ("x", "latest")]
)
def test_implausible(name: str, version: str) -> None:
    """Templates and texts are no packages."""
    assert not plausible(name, version)


def test_a_binding_is_not_the_library() -> None:
    """One name in three worlds stays three components, in one place and one file."""
    found = told(
        clue("openssl", "3.0.2"),
        clue("openssl", "3.0.2", "pkg:cargo/openssl@3.0.2", "openssl"),
        clue("openssl", "3.0.2", "pkg:gem/openssl@3.0.2", "openssl"),
        clue("openssl", ""),
    )
    assert sorted(found) == [("openssl", "3.0.2", ""), ("openssl", "3.0.2", "cargo"), ("openssl", "3.0.2", "gem")]


def test_one_module_in_many_programs() -> None:
    """A module that several programs of one place hold is one component with all places; another release is another."""
    purl = "pkg:golang/golang.org/x/sys@v0.15.0"
    names = [clue("golang.org/x/sys", "v0.15.0", purl, "golang.org/x/sys", f"usr/bin/{one}") for one in "abc"]
    other = clue("golang.org/x/sys", "v0.1.0", purl.replace("0.15", "0.1"), "golang.org/x/sys", "usr/bin/d")
    found = conclude([*names, other])
    assert [(one.version, len(one.locators), one.contradicted) for one in found] == [
        ("v0.1.0", 1, False),
        ("v0.15.0", 3, False),
    ]


def archive(member: str, data: bytes, name: str) -> tuple[Clue, ...]:
    """What a file inside a jar says."""
    place = ROOT.into("squashfs", f"usr/share/java/{name}").into("zip_archive", member)
    return observe(identified(place, data)).clues


MANIFEST = (
    b"Manifest-Version: 1.0\r\nImplementation-Title: Acme Pump\r\nImplementation-Version: 2.19.0\r\n"
    b"Bundle-SymbolicName: org.acme.pump.core;singleton:=\r\n true\r\n\r\nName: a/b.class\r\nSHA-256-Digest: x\r\n"
)
POM = b"version=2.19.0\ngroupId=org.acme.pump\nartifactId=pump-core\n"


def components(name: str, manifest: bytes = MANIFEST, pom: bytes = b"") -> list[Component]:
    clues = archive("META-INF/MANIFEST.MF", manifest, name)
    if pom:
        clues += archive("META-INF/maven/org.acme.pump/pump-core/pom.properties", pom, name)
    return list(conclude(clues))


@pytest.mark.parametrize(
    ("name", "version"),
    [("pump-core-2.19.0.jar", "2.19.0"), ("pump-core.jar", "2.19.0"), ("pump-core-2.18.1.jar", None), ("x.zip", None)],
)
def test_manifest(name: str, version: str | None) -> None:
    """A manifest is held against the archive's own name; where they disagree nothing is said."""
    found = [(one.name, one.version, one.purl) for one in components(name)]
    purl = f"pkg:maven/org.acme.pump/pump-core@{version}"
    assert found == ([("pump-core", version, purl)] if version else [])


def test_one_archive_is_one_component() -> None:
    """Manifest and Maven's properties of one archive agree on one component, with both techniques' evidence."""
    (found,) = components("pump-core-2.19.0.jar", pom=POM)
    assert (found.name, found.version, len(found.locators)) == ("pump-core", "2.19.0", 2)


def test_packed_archive() -> None:
    """What is packed into an archive is a component of its own."""
    found = components("station-1.0.jar", MANIFEST.replace(b"2.19.0", b"1.0"), POM)
    assert [one.name for one in found] == ["pump-core", "station"]
