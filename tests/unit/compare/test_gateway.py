"""A whole gateway: its true bill of materials against its contents, and one with planted faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fwverify.compare.interface import Inventory, InventoryFile
from fwverify.compare.stage import compare, read_sboms
from fwverify.content import identified
from fwverify.formats.products import canonical_product
from fwverify.model.artifact import Digest, Locator, Step
from fwverify.model.component import Component, Discrepancy

IMAGE = Locator((Step("flash.bin"),))
pytestmark = pytest.mark.corpus


def inventory(truth: dict[str, Any], *, by_package: bool = False) -> Inventory:
    """What a perfect examination would have found: upstream products, or the packages they came in."""
    root = IMAGE.into("squashfs", "rootfs")
    if by_package:
        rows = [(one["package"], one["version"], f"pkg:deb/debian/{one['package']}") for one in truth["debs"]]
    else:
        rows = [(one["product"], one["version"], "") for one in truth["components"]]
    components = tuple(Component(name, version, purl, 85, ("test",), (root,), ()) for name, version, purl in rows)
    files = tuple(
        InventoryFile(
            root.into("squashfs", one["path"]), one["size"], (Digest("sha256", bytes.fromhex(one["sha256"])),)
        )
        for one in truth["elfs"]
    )
    return Inventory(components, files, (), ())


def compared(folder: Path, name: str, *, by_package: bool = False) -> tuple[Discrepancy, ...]:
    truth = json.loads((folder / "truth.json").read_text())
    document = identified(Locator((Step(name),)), (folder / name).read_bytes())
    documents, gaps = read_sboms([document])
    assert gaps == ()
    assert documents[0].observation.schema_valid is True
    rows, gaps = compare(inventory(truth, by_package=by_package), documents)
    assert gaps == ()
    return rows


@pytest.fixture
def gateway(cases: Path) -> Path:
    return cases / "images" / "gateway-mipsel"


def test_true_sbom(gateway: Path) -> None:
    """Every component matches in its version."""
    rows = compared(gateway, "vendor-true.cdx.json")
    assert {(row.kind.value, row.version_agrees) for row in rows} == {("matched", True)}
    assert len(rows) == 60


def test_true_sbom_against_packages(gateway: Path) -> None:
    """The same bill of upstream products fits the Debian packages: names, epochs and revisions are understood.

    Packages without an executable (six) are not in the vendor's document, and one binary package is versioned
    apart from its source.
    """
    rows = compared(gateway, "vendor-true.cdx.json", by_package=True)
    assert {row.observed.name for row in rows if row.kind == "undeclared" and row.observed} <= {
        *("init-system-helpers", "netbase", "usrmerge"),
        *("libfile-find-rule-perl", "libnumber-compare-perl", "libtext-glob-perl"),
    }
    assert [(row.observed.name, row.reason) for row in rows if row.kind == "version_differs" and row.observed] == []


def test_faulty_sbom(gateway: Path) -> None:
    """Exactly the planted faults are found."""
    planted = json.loads((gateway / "sbom-planted.json").read_text())
    rows = compared(gateway, "vendor-faulty.cdx.json")
    undeclared = {
        (row.observed.name, row.observed.version) for row in rows if row.kind == "undeclared" and row.observed
    }
    assert undeclared == {tuple(one) for one in planted["omitted"]}
    wrong = {
        (row.observed.name, row.observed.version, row.declared.version)
        for row in rows
        if row.kind == "version_differs" and row.observed and row.declared
    }
    assert wrong == {tuple(one) for one in planted["wrong_version"]}
    absent = {
        (row.declared.name, row.declared.version)
        for row in rows
        if row.kind.value.startswith("absent") and row.declared
    }
    assert absent == {tuple(one) for one in planted["not_in_firmware"]}
    assert len([row for row in rows if row.kind == "matched" and row.version_agrees]) == 60 - 6 - 6


def test_alias_table_agrees_with_the_packages(gateway: Path) -> None:
    """Package, source package and product name of every package fold to one product."""
    truth = json.loads((gateway / "truth.json").read_text())
    for one in truth["debs"]:
        names = {canonical_product(one[key]) for key in ("package", "source", "product")}
        assert len(names) == 1, one
