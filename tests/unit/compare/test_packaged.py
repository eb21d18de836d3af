"""A language's package seen, a distribution's package declared: the same where the distribution's rules say so."""

from __future__ import annotations

import pytest

from fwverify.compare.stage import compare
from tests.unit.compare.building import declared, document, inventory, seen


def kinds(name: str, version: str, purl: str, entry: str, stated: str, entry_purl: str = "") -> list[str]:
    component = seen(name, version, purl=f"{purl}@{version}" if version else purl)
    wanted = declared(entry, stated, purl=entry_purl or f"pkg:deb/debian/{entry}@{stated}")
    rows, _ = compare(inventory(component), [document(wanted)])
    return sorted(one.kind.value for one in rows)


@pytest.mark.parametrize(
    ("name", "purl", "entry"),
    [
        ("requests", "pkg:pypi/requests", "python3-requests"),
        ("PyYAML", "pkg:pypi/pyyaml", "python3-yaml"),
        ("requests", "pkg:pypi/requests", "py3-requests"),
        ("semver", "pkg:npm/semver", "node-semver"),
        ("@types/glob", "pkg:npm/%40types/glob", "node-types-glob"),
        ("rack", "pkg:gem/rack", "rubygem-rack"),
        ("commons-lang3", "pkg:maven/org.apache.commons/commons-lang3", "libcommons-lang3-java"),
        ("luasocket", "pkg:luarocks/luasocket", "lua-socket"),
        ("monolog/monolog", "pkg:composer/monolog/monolog", "php-monolog"),
        ("ripgrep", "pkg:cargo/ripgrep", "ripgrep"),
        ("acmed", "pkg:golang/example.com/acme/acmed", "acmed"),
    ],
)
def test_same(name: str, purl: str, entry: str) -> None:
    """One row, matched."""
    assert kinds(name, "2.28.1", purl, entry, "2.28.1-1") == ["matched"]


def test_other_version() -> None:
    """The same package in another version differs."""
    assert kinds("requests", "2.28.1", "pkg:pypi/requests", "python3-requests", "2.31.0-1") == ["version_differs"]


@pytest.mark.parametrize(
    ("name", "version", "purl", "entry", "stated"),
    [
        ("openssl", "3.0.2", "pkg:cargo/openssl", "openssl", "3.0.2"),
        ("openssl", "3.0.2", "pkg:gem/openssl", "openssl", "3.0.2"),
        ("time", "0.3.17", "pkg:cargo/time", "time", "1.9-1"),
        ("golang.org/x/sys", "v0.15.0", "pkg:golang/golang.org/x/sys", "sys", "0.15.0"),
        ("requests", "2.28.1", "pkg:pypi/requests", "node-requests", "2.28.1"),
    ],
)
def test_apart(name: str, version: str, purl: str, entry: str, stated: str) -> None:
    """A binding is not the library it binds, a module not the program of that name, nor one language another."""
    assert "undeclared" in kinds(name, version, purl, entry, stated)


def test_program_without_release() -> None:
    """A program built from a working copy states none: it is there, and contradicts nothing."""
    assert kinds("caddy", "", "pkg:golang/github.com/caddyserver/caddy/v2", "caddy", "2.6.2-5") == ["matched"]


def test_default_gems_come_with_ruby() -> None:
    """What lies among Ruby's default gems is part of Ruby, whatever its own version; any other gem is its own."""
    path = "usr/lib/ruby/gems/3.3.0/specifications/{}/csv-3.2.8.gemspec"

    def rows(folder: str, *entries: str) -> list[str]:
        gem = seen("csv", "3.2.8", purl="pkg:gem/csv@3.2.8", path=path.format(folder))
        found, _ = compare(inventory(gem), [document(*(declared(one, "3.3.8") for one in entries))])
        return sorted(one.kind.value for one in found)

    assert rows("default", "ruby") == ["matched"]
    assert rows("default", "python") == ["absent_visible", "undeclared"]
    assert rows("extensions", "ruby") == ["absent_visible", "undeclared"]
    assert rows("default", "ruby", "csv") != rows("default", "ruby")
