"""Are two version texts the same version? Packaging (epoch, distribution revision, repacking) understood.

Version grammars: Debian policy 5.6.12, RPM labels, Alpine APKBUILD `pkgver`/`pkgrel`, Semantic Versioning 2.0.0
sections 9 and 10; read 2026-11-22. Does NOT know which distribution revision carries which backport: two different
revisions of one upstream version differ.
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

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""A state of a source repository: which release it is of, the text does not say."""
_NAMED = re.compile(r"^[a-z][a-z0-9+]*(?:-[a-z][a-z0-9+]*)*[-_/ ][vr]?(?=\d)|^[a-z]+[-_]?(?=\d)")
"""A name before the release, as tags of repositories have it: `openssl-3.0.15`, `curl-7_88_1`, `dropbear_2022.83`."""
_LEAD = re.compile(r"^(?:v|ver\.?|version|release|rel)[-_. ]*(?=\d)")
_TRAIL = re.compile(r"[-._ ](?:release|final|stable|ga)$")
_EPOCH = re.compile(r"^(\d{1,9}):")
_SNAPSHOT = re.compile(r"~(?=(?:git|svn|hg|bzr|cvs)\d)")
_REALLY = re.compile(r"^.*[+~.]really[.]?(?=\d)")
_REPACKED = re.compile(r"[+.~-](?:dfsg|ds|repack|debian|nmu)\d*(?:[.+~]\d+)*(?=$|[-+~])")
_BINARY_NMU = re.compile(r"\+b\d+$")
_REBUILT = re.compile(r"~(?:deb|bpo|ubuntu)[\w.+]*$")
_DASHED = frozenset({"deb", "rpm", "apk", "opkg", "alpm"})
"""Package URL types of distributions: in their versions what stands behind the last `-` is the revision."""
_ALPINE = re.compile(r"-r\d+$")
_NATIVE = re.compile(r"[+~](?:deb|bpo|ubuntu|nmu)\d")
"""In a version without revision: the distribution made this one, from a package of its own."""
_PLAIN_REVISION = re.compile(r"-r(?=\d+$)")
"""`1.36.1-r1` and `1.36.1-1`: Yocto and OpenWrt write one revision either way."""
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


def same_version(one: str, other: str, purl_type: str = "", other_type: str | None = None) -> bool | None:
    """Whether two texts state the same version; None when either states none. Symmetric.

    1. Equal texts, less case and blanks, are the same. A commit states no release.
    2. Two full versions of one distribution's kind (deb, rpm, apk, opkg, alpm) must be the same package: a revision
       that differs is what a backported fix is. Only a binary rebuild (`+b1`) and an epoch that one side leaves out
       do not count.
    3. Else epoch, `+build` and revision must agree only where both sides state them, revisions of two different kinds
       of distribution not at all, and upstream versions must agree token by token; one trailing `.0` does not matter
       (2.36 is 2.36.0).
    4. What is left is asked of the ecosystem's own rules, where the two sides are not of different ones.

    Args:
        one: a version text.
        other: a version text.
        purl_type: type of the package URL that `one` is of; empty: of none, or not known.
        other_type: the same of `other`; None: as `purl_type`.
    """
    kind, other_kind = purl_type.lower(), (purl_type if other_type is None else other_type).lower()
    first, second = one.strip().lower(), other.strip().lower()
    if first in _NO_VERSION or second in _NO_VERSION:
        return None
    if first == second:  # 1
        return True
    if bool(_COMMIT.fullmatch(first)) is not bool(_COMMIT.fullmatch(second)):
        return None
    first, second = _release(first, second), _release(second, first)
    if max(len(first), len(second)) > _MAX_VERSION:
        return False
    if kind == other_kind and _full(first, kind) and _full(second, kind):  # 2
        return _same_package(first, second, kind)
    if _revised(first, second) or _revised(second, first):  # the commonest case, without taking anything apart
        return True
    strangers = kind != other_kind and {kind, other_kind} <= _DASHED
    if any(_agree(a, b, strangers) for a in _readings(first, kind) for b in _readings(second, other_kind)):  # 3
        return True
    kinds = {kind, other_kind} - {"", "generic"}
    return len(kinds) == 1 and _in_ecosystem(first, second, kinds.pop()) == 0  # 4


def _release(version: str, other: str) -> str:
    """Without the name before it, where the other text is a number at once."""
    if version[:1].isdecimal() or not other[:1].isdecimal() or len(version) > _MAX_VERSION:
        return version
    number = _NAMED.sub("", version)
    return number if "." in number or number == version else re.sub(r"(?<=\d)[-_](?=\d)", ".", number)


def _full(version: str, kind: str) -> bool:
    """A version with what the distribution adds to it."""
    if kind == "apk":
        return _ALPINE.search(version) is not None
    return kind in _DASHED and ("-" in version.strip("-") or _NATIVE.search(version) is not None)


def _same_package(one: str, other: str, kind: str) -> bool:
    first, second = _source(one, kind), _source(other, kind)
    if bool(_EPOCH.match(first)) is not bool(_EPOCH.match(second)):
        first, second = _EPOCH.sub("", first), _EPOCH.sub("", second)
    return first == second or _in_ecosystem(first, second, kind) == 0


def _source(version: str, kind: str) -> str:
    """The version of the package it was built from: without the number of a rebuild of the same source."""
    if kind == "deb":
        return _BINARY_NMU.sub("", version)
    return _PLAIN_REVISION.sub("-", version) if kind == "opkg" else version


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


def difference(one: str, other: str, purl_type: str = "", other_type: str | None = None) -> str:
    """The smallest part in which two versions differ (`model.component.VERSION_PARTS`), of all ways to read them;
    empty when either states none or they cannot be taken apart. Arguments as for `same_version`."""
    first, second = one.strip().lower(), other.strip().lower()
    if first in _NO_VERSION or second in _NO_VERSION or max(len(first), len(second)) > _MAX_VERSION:
        return ""
    kind, other_kind = purl_type.lower(), (purl_type if other_type is None else other_type).lower()
    found = {_difference(a, b) for a in _readings(first, kind) for b in _readings(second, other_kind)} - {""}
    packaged = same_version(first, second, kind, other_kind) is False and kind == other_kind and kind in _DASHED
    return min(found, key=VERSION_PARTS.index, default="revision" if packaged else "")


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


def _agree(one: _Parts, other: _Parts, strangers: bool = False) -> bool:
    return (
        (strangers or _compatible(one.epoch, other.epoch))
        and (strangers or _compatible(one.revision, other.revision))
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
def _readings(version: str, kind: str = "") -> tuple[_Parts, ...]:
    """The ways to read it: `1.0-2` is upstream 1.0 revision 2, or upstream 1.0-2 of something unpackaged."""
    text = version if kind in _DASHED else _TRAIL.sub("", _LEAD.sub("", version))
    epoch = _EPOCH.match(text)
    rest = _BINARY_NMU.sub("", text[epoch.end() :] if epoch else text)
    number = epoch[1].lstrip("0") or "0" if epoch else ""
    return tuple(_parts(number, upstream, revision) for upstream, revision in sorted(_splits(rest, kind)))


def _splits(version: str, kind: str) -> set[tuple[str, str]]:
    """Upstream version and revision, as many ways as there are."""
    last, first = version.rpartition("-")[::2], version.partition("-")[::2]
    if kind in _DASHED and all(last):  # its own grammar leaves no choice
        return {last}
    found = {(upstream, revision) for upstream, revision in (last, first) if upstream and revision}
    return {(version, "")} | {one for one in found if not _PRE_RELEASE.match(one[1])}


def _parts(epoch: str, upstream: str, revision: str) -> _Parts:
    whole = not revision and _UNSPLIT.search(upstream)  # 3.0.11-1+deb12u2 and 3.0.11-1~deb12u2 are not 3.0.11-1
    if whole:
        return _Parts(epoch, tuple(_tokens(_REPACKED.sub("", _REALLY.sub("", upstream)))), "", "")
    plain = _TRAIL.sub("", _REPACKED.sub("", _REBUILT.sub("", _REALLY.sub("", upstream))))  # 2.1.12-stable-8
    base, _, local = _SNAPSHOT.sub("+", plain, count=1).partition("+")
    return _Parts(epoch, tuple(_tokens(base)), local, revision)


def _tokens(text: str) -> list[str]:
    return [one.lstrip("0") or "0" if one.isdecimal() else one for one in _TOKEN.findall(text)]


_ECOSYSTEMS = {
    "deb": "DebianVersion",
    "opkg": "DebianVersion",  # opkg compares as dpkg does
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
        if first == second or (purl_type in _DASHED and not first < second and not second < first):
            return 0  # 1.0-01 is 1.0-1 to dpkg, and another text
        return -1 if first < second else 1
    except (ValueError, TypeError):
        return None  # not versions of that ecosystem: our own reading stands
