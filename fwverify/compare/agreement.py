"""Whether a declared entry and an observed component are the same version of one product. Pure.

1 The version in full is the package URL's, where it is the stated one and what a distribution added, or the CPE name's
where nothing else states one. 2 A release
outside the bounds that were seen is contradicted. 3 Else `versions.same_version` decides, each side read as what it is:
a package's version, or a release as such. Does NOT decide whether the two are one product (see `match`).
"""

from __future__ import annotations

from fwverify.compare.identifiers import parsed_cpe, parsed_purl
from fwverify.compare.versions import apart, outside, same_version
from fwverify.model.component import Component, DeclaredComponent

PATCHED = frozenset({"bash", "readline"})
"""Products whose third number counts official patches, which packages apply without saying so in their version."""


def agrees(component: Component, declared: DeclaredComponent) -> bool | None:
    (stated, kind), (seen, seen_kind) = in_full(declared), in_full(component)
    if outside(stated, component.since, component.before):
        return False
    if not stated and outside(seen, declared.since, declared.before):
        return False
    if not stated and apart((declared.since, declared.before), (component.since, component.before)):
        return False
    same = same_version(seen, stated, seen_kind, kind)
    if same is False and component.name in PATCHED and same_version(seen.rpartition(".")[0], stated, "", kind):
        return None  # the release without its patches was declared
    return same


def bounds_told(declared: DeclaredComponent) -> str:
    """The version range of an entry in words."""
    parts = (
        f"{declared.since} or later" if declared.since else "",
        f"before {declared.before}" if declared.before else "",
    )
    return ", ".join(one for one in parts if one)


def in_full(one: Component | DeclaredComponent) -> tuple[str, str]:
    """The version, and the kind of package it is the version of: empty for a release as such.

    The package URL's version where it is the stated one and what a distribution added; where nothing else states one,
    that of the CPE name. A component seen without a version has none, whatever its identifiers say.
    """
    url = parsed_purl(one.purl)
    declared = isinstance(one, DeclaredComponent)
    if declared and not one.version and not (url and url.version):
        name = parsed_cpe(one.cpe)
        return name.version if name else "", ""
    if url is None:
        return one.version, ""
    if one.version in ("", url.version):
        return (url.version, url.type) if one.version or declared else ("", "")
    if same_version(url.version, one.version, url.type, ""):
        return url.version, url.type
    return one.version, ""


def stated_version(declared: DeclaredComponent) -> str:
    return in_full(declared)[0]
