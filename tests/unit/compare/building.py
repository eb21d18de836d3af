"""Small inventories and documents for the tests of compare/."""

from __future__ import annotations

import hashlib

from fwverify.compare.interface import Document, Inventory, InventoryFile
from fwverify.model.artifact import Digest, Locator, Step
from fwverify.model.component import Component, DeclaredComponent
from fwverify.model.evidence import Gap, GapReason, SbomObservation

IMAGE = Locator((Step("image.bin"),))
ROOT = IMAGE.into("fit", "rootfs")
SBOM = Locator((Step("sbom.json"),))


def sha256(text: str) -> Digest:
    return Digest("sha256", hashlib.sha256(text.encode()).digest())


def seen(name: str, version: str = "", purl: str = "", path: str = "", **more: bool | str) -> Component:
    place = ROOT.into("squashfs", path or f"usr/lib/{name}")
    return Component(name, version, purl, 85, ("version-string",), (place,), (), **more)  # type: ignore[arg-type]


def declared(name: str, version: str = "", **more: object) -> DeclaredComponent:
    return DeclaredComponent(name, version, **{"kind": "library", **more})  # type: ignore[arg-type]


def file(path: str, content: str) -> InventoryFile:
    return InventoryFile(ROOT.into("squashfs", path), len(content), (sha256(content),))


def inventory(*components: Component, files: tuple[InventoryFile, ...] = (), gaps: int = 0) -> Inventory:
    missing = tuple(Gap(GapReason.ENCRYPTED, IMAGE, f"part {number}") for number in range(gaps))
    return Inventory(components, files, missing, (InventoryFile(IMAGE, 5, (sha256("image"),)),))


def document(*components: DeclaredComponent) -> Document:
    observation = SbomObservation(SBOM, "CycloneDX", "1.6", True, (), (), "", "", "", (), len(components))
    return Document(observation, components)
