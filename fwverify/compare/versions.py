"""Are two version texts the same version? Packaging (epoch, distribution revision, repacking) understood.

Version grammars: Debian policy 5.6.12, RPM labels, Alpine APKBUILD `pkgver`/`pkgrel`, Semantic Versioning 2.0.0
sections 9 and 10; read 2026-11-22. Does NOT order versions and does not know which distribution revision carries
which backport: two different revisions of one upstream version differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from fwverify.model.component import VERSION_PARTS
from fwverify.model.versions import compare

_MAX_VERSION = 200
"""Characters taken apart. Longer texts are only compared as they are."""
_NO_VERSION = frozenset({"", "-", "*", "?", "unknown", "noassertion", "none", "n/a", "na", "unspecified", "latest"})
"""Texts that state no version."""

_LEAD = re.compile(r"^(?:v|ver\.?|version|release|rel)[-_. ]*(?=\d)")
_TRAIL = re.compile(r"[-._ ](?:release|final|stable|ga)$")
_EPOCH = re.compile(r"^(\d{1,9}):")
_REALLY = re.compile(r"^.*[+~.]really[.]?(?=\d)")
_REPACKED = re.compile(r"[+.~-](?:dfsg|ds|repack|debian|nmu)\d*(?:[.+~]\d+)*(?=$|[-+~])")
_BINARY_NMU = re.compile(r"\+b\d+$")
_REBUILT = re.compile(r"~(?:deb|bpo|ubuntu)[\w.+]*$")
_PRE_RELEASE = re.compile(r"(?:alpha|beta|rc|pre|dev|snapshot|preview|test|next|milestone|[abm](?=\d|$))")
_UNSPLIT = re.compile(r"-\d")
_ECOSYSTEM_TEXT = re.compile(r"\d[0-9a-z.+~:_^-]*")
_TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\w.~\s-]")


@dataclass(frozen=True, slots=True)
class _Parts:
    """One way to take a version text apart."""

    epoch: str
    upstream: tuple[str, ...]
    """Numbers without leading zeros and words, in order."""
    local: str
    """What stands after `+`: build or snapshot; empty when nothing does."""
    revision: str
    """The distribution's; empty when none."""


def same_version(one: str, other: str, purl_type: str = "") -> bool | None:
    """Whether two texts state the same version; None when either states none. Symmetric.

    1. Equal texts, less case and blanks, are the same.
    2. Epoch, `+build` and distribution revision must agree only where both sides state them.
    3. Upstream versions must agree token by token; one trailing `.0` does not matter (2.36 is 2.36.0).
    4. What is left is asked of the ecosystem's own rules, where the package URL names an ecosystem.

    Args:
        one: a version text.
        other: a version text.
        purl_type: type of the package URL on either side, or empty.
    """
    first, second = one.strip().lower(), other.strip().lower()
    if first in _NO_VERSION or second in _NO_VERSION:
        return None
    if first == second:  # 1
        return True
    if max(len(first), len(second)) > _MAX_VERSION:
        return False
    if _revised(first, second) or _revised(second, first):  # the commonest case, without taking anything apart
        return True
    if any(_agree(a, b) for a in _readings(first) for b in _readings(second)):  # 2, 3
        return True
    return _same_in_ecosystem(first, second, purl_type.lower())  # 4


def _revised(plain: str, packaged: str) -> bool:
    """`packaged` is `plain` with a distribution's revision behind it."""
    rest = packaged[len(plain) :]
    return packaged.startswith(plain) and rest[:1] == "-" and rest[1:2].isdecimal()


def outside(version: str, since: str, before: str) -> bool:
    """Whether a stated release lies outside the bounds that were seen. What cannot be ordered is not outside.

    Args:
        version: as an SBOM states it, packaging included; it is outside only if each way to read it is.
        since: not earlier than this release; empty: not bounded.
        before: earlier than this release; empty: not bounded.
    """
    text = version.strip().lower()
    if text in _NO_VERSION or len(text) > _MAX_VERSION or not (since or before):
        return False
    releases = [".".join(one.upstream) for one in _readings(text)]
    return all(_early(one, since) or _late(one, before) for one in releases)


def apart(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether no release lies within both bounds. What cannot be ordered is not apart.

    Args:
        one: not earlier than, and earlier than; empty: not bounded on that side.
        other: the same.
    """
    return any(since and before and compare(since, before) in (0, 1)
               for since, before in ((one[0], other[1]), (other[0], one[1])))  # fmt: skip


def difference(one: str, other: str) -> str:
    """The smallest part in which two versions differ (`model.component.VERSION_PARTS`), of all ways to read them;
    empty when either states none or they cannot be taken apart."""
    first, second = one.strip().lower(), other.strip().lower()
    if first in _NO_VERSION or second in _NO_VERSION or max(len(first), len(second)) > _MAX_VERSION:
        return ""
    found = {_difference(a, b) for a in _readings(first) for b in _readings(second)} - {""}
    return min(found, key=VERSION_PARTS.index, default="")


def _difference(one: _Parts, other: _Parts) -> str:
    if not _compatible(one.epoch, other.epoch):
        return "major"
    if _same_tokens(one.upstream, other.upstream):
        if not _compatible(one.local, other.local):
            return "build"
        return "" if _compatible(one.revision, other.revision) else "revision"
    if not one.upstream or not other.upstream:
        return ""
    place = next(
        (at for at, (a, b) in enumerate(zip(one.upstream, other.upstream, strict=False)) if a != b),
        min(len(one.upstream), len(other.upstream)),
    )
    return ("major", "minor", "patch")[min(place, 2)]


def _early(release: str, since: str) -> bool:
    return bool(since) and compare(release, since) == -1


def _late(release: str, before: str) -> bool:
    return bool(before) and compare(release, before) in (0, 1)


def _agree(one: _Parts, other: _Parts) -> bool:
    return (
        _compatible(one.epoch, other.epoch)
        and _compatible(one.revision, other.revision)
        and _compatible(one.local, other.local)
        and _same_tokens(one.upstream, other.upstream)
    )


def _compatible(one: str, other: str) -> bool:
    return not one or not other or one == other


def _same_tokens(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if one == other:
        return bool(one)
    short, long = sorted((one, other), key=len)
    return long == (*short, "0") and bool(short) and short[-1].isdecimal()


@lru_cache(maxsize=65_536)
def _readings(version: str) -> tuple[_Parts, ...]:
    """The ways to read it: `1.0-2` is upstream 1.0 revision 2, or upstream 1.0-2 of something unpackaged."""
    text = _TRAIL.sub("", _LEAD.sub("", version))
    epoch = _EPOCH.match(text)
    rest = text[epoch.end() :] if epoch else text
    rest = _BINARY_NMU.sub("", rest)
    splits = {(rest, "")}
    for upstream, revision in (rest.rpartition("-")[::2], rest.partition("-")[::2]):
        if upstream and revision and not _PRE_RELEASE.match(revision):
            splits.add((upstream, _BINARY_NMU.sub("", _REBUILT.sub("", revision))))
    number = epoch[1].lstrip("0") or "0" if epoch else ""
    return tuple(_parts(number, upstream, revision) for upstream, revision in sorted(splits))


def _parts(epoch: str, upstream: str, revision: str) -> _Parts:
    plain = _REPACKED.sub("", _REBUILT.sub("", _REALLY.sub("", upstream)))
    whole = not revision and _UNSPLIT.search(plain)  # 3.0.11-1+deb12u2 is not 3.0.11-1 of some build
    base, _, local = (plain, "", "") if whole else plain.partition("+")
    return _Parts(epoch, tuple(_tokens(base)), local, revision)


def _tokens(text: str) -> list[str]:
    return [one.lstrip("0") or "0" if one.isdecimal() else one for one in _TOKEN.findall(text)]


_ECOSYSTEMS = {
    "deb": "DebianVersion",
    "rpm": "RpmVersion",
    "apk": "AlpineLinuxVersion",
    "pypi": "PypiVersion",
    "npm": "SemverVersion",
    "cargo": "SemverVersion",
    "golang": "GolangVersion",
    "gem": "RubygemsVersion",
    "maven": "MavenVersion",
    "nuget": "NugetVersion",
    "composer": "ComposerVersion",
}
"""Package URL types whose equality differs from comparing tokens, and univers' class for each."""


def _same_in_ecosystem(one: str, other: str, purl_type: str) -> bool:
    return _in_ecosystem(one, other, purl_type) == 0


def ordered(one: str, other: str, purl_type: str = "") -> int | None:
    """-1, 0 or 1 for earlier, same, later, packaging included; None when the two cannot be put in an order.

    Args:
        one: a version text.
        other: a version text.
        purl_type: type of the package URL on either side, or empty: its ecosystem's rules come first.
    """
    first, second = one.strip().lower(), other.strip().lower()
    if first in _NO_VERSION or second in _NO_VERSION or max(len(first), len(second)) > _MAX_VERSION:
        return None
    order = _in_ecosystem(first, second, purl_type.lower())
    return compare(first, second) if order is None else order


def _in_ecosystem(one: str, other: str, purl_type: str) -> int | None:
    """The ecosystem's own order; None when it has none here, or when these are no versions of it."""
    if purl_type not in _ECOSYSTEMS or not all(map(_ECOSYSTEM_TEXT.fullmatch, (one, other))):
        return None
    from univers import versions

    kind = getattr(versions, _ECOSYSTEMS[purl_type])
    try:
        first, second = kind(one), kind(other)
        return 0 if first == second else -1 if first < second else 1
    except (ValueError, TypeError):
        return None  # not versions of that ecosystem: our own reading stands
