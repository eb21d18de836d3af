"""Small origins for the tests of reference/."""

from __future__ import annotations

import hashlib

from fwverify.model.artifact import Locator, Step
from fwverify.model.traits import Traits
from fwverify.reference.places import Seen
from fwverify.reference.values import KnownComponent, KnownFile, Origin, in_order, parts_in_order

ROOT = Locator((Step("image.bin"),))
AT = "2026-11-22T00:00:00Z"


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def sketch(*names: int) -> bytes:
    return b"".join(digest(f"symbol {one}")[:8] for one in sorted(names, key=lambda one: digest(f"symbol {one}")))


def traits(text: str, names: range = range(20), soname: str = "") -> Traits:
    """Of an executable with that content."""
    return Traits(digest(f"build {text}").hex()[:40], soname, digest(f"loaded {text}"), len(names), sketch(*names))


def program(path: str, text: str, names: range = range(0)) -> KnownFile:
    return KnownFile(path, digest(text), traits(text, names), True)


def page(path: str, text: str) -> KnownFile:
    return KnownFile(path, digest(text), None, False)


def component(name: str, version: str, *files: KnownFile, source: str = "", product: str = "") -> KnownComponent:
    purl = f"pkg:deb/debian/{name}@{version}?arch=armhf"
    return KnownComponent(
        name, version, purl, source or name, version, product or source or name, "armhf", in_order(files)
    )


def origin(*components: KnownComponent, name: str = "", learned: str = AT) -> Origin:
    first = components[0]
    name = name or f"{first.name}_{first.version}_armhf.deb"
    return Origin(name, digest(f"package {name}"), learned, parts_in_order(components))


def seen(path: str, text: str, names: range | None = None, *, known_build: bool = False) -> Seen:
    """A file of an image: with `names` an executable; `known_build`: its file differs, what it loads does not."""
    own = (traits(text, names),) if names is not None else ()
    return Seen(ROOT.into("squashfs", path), (digest(f"{text} stripped" if known_build else text),), own)
