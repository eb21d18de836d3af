"""Version resources of PE images and names of .NET assemblies.

Win32 "VS_VERSIONINFO" (formats/pe_resources), ECMA-335 partition II 22.2 (formats/clr_metadata); read 2026-11-22. The
product's version counts, else the file's; numbers alone only where a name stands beside them. An assembly's own version
is what others bind to, not the release: where the version resource states none, the version stays empty. Does NOT look
packages up: an assembly's name is taken for that of its NuGet package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.language_packages import DESCRIBED, package
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "pe-version-info"
NAMES = ("OriginalFilename", "InternalName", "ProductName")
VERSIONS = ("ProductVersion", "FileVersion")
_VERSION = re.compile(r"v?(\d{1,9}(?:(?:\.|, ?)\d{1,9}){1,3}[a-z]?)(?![\w.])", re.ASCII)
_ENDING = re.compile(r"\.(?:dll|exe|sys|efi|drv|ocx)$", re.IGNORECASE)
MAX_NAME = 100
UNKNOWN = 70
"""Percent: a product's name that nobody else knows."""
_RUNTIME = re.compile(r"Microsoft\W{0,3} \.NET(?: Core)?$")
_PARTS = re.compile(r"Mono |\.NET Framework|Common Language", re.IGNORECASE)
"""Products whose assemblies carry versions of their own, which are not the product's."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield the product."""
    executable = subject.executable
    if executable is None or not (executable.version_info or executable.assembly[0]):
        return
    stated = {name: value for name, value in executable.version_info if value}
    version = _release(stated)
    quote = " ".join(f"{name}={stated[name]}" for name in (*NAMES, *VERSIONS) if name in stated).encode()
    if executable.assembly[0]:
        yield from _assembly(subject, stated, version, quote)
        return
    product = _product(stated)
    if product and version:
        confidence = DESCRIBED if product in known_products() else UNKNOWN
        yield Clue(product, version, subject.artifact.locator, NAME, confidence, quoted(quote))


def _assembly(subject: Subject, stated: dict[str, str], version: str, quote: bytes) -> Iterator[Clue]:
    """A library's assembly is a package; one of the runtime's is a part of the runtime.

    Four numbers are a file's, with the number of a build at the end: a package's release has three.
    """
    name, bound = subject.executable.assembly if subject.executable else ("", "")
    product = stated.get("ProductName", "")
    if _RUNTIME.match(product):
        if version:
            yield Clue("dotnet-runtime", version, subject.artifact.locator, NAME, DESCRIBED, quoted(quote))
    elif not _PARTS.search(product) and not name.startswith("policy."):
        release = version if version.count(".") < 3 else ""
        clue = package(subject, NAME, "nuget", name, release, quote or f"{name}, Version={bound}".encode(), DESCRIBED)
        if clue is not None:
            yield clue


def _release(stated: dict[str, str]) -> str:
    for one in VERSIONS:
        hit = _VERSION.match(stated.get(one, "").strip())
        if hit:
            numbers = re.sub(", ?", ".", hit[1])
            if numbers.strip("0."):
                return _trimmed(numbers)
    return ""


def _trimmed(numbers: str) -> str:
    """A fourth number that is zero is the resource's, not the release's."""
    parts = numbers.split(".")
    return ".".join(parts[:3]) if len(parts) == 4 and parts[3] == "0" else numbers


def _product(stated: dict[str, str]) -> str:
    """The first name the product table knows; else the product's name as written."""
    for one in NAMES:
        name = canonical_product(_ENDING.sub("", stated.get(one, ""))) if stated.get(one) else ""
        if name in known_products():
            return name
    return quoted(stated.get("ProductName", "").lower().encode("utf-8", "replace"), MAX_NAME)


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="PE version resources and .NET assemblies",
        references=("Win32, VS_VERSIONINFO, read 2026-11-22", "ECMA-335, partition II, read 2026-11-22"),
        limitations=("An assembly's name is taken for its package's.",),
    ),
)
