"""The release that a program or library tells of itself, where no proven expression does.

Source: how programs answer `--version` (GNU Coding Standards 4.8.1: `NAME VERSION` or `NAME (PACKAGE) VERSION`), what
autoconf writes as PACKAGE_STRING (`NAME VERSION`) and servers as their token (RFC 9110 10.2.4: `NAME/VERSION`); read
2026-11-23. The name must be the file's own (a program's) or its SONAME's (a library's) and begin the text.
A version alone counts in a library that exports a function telling its version: if it is the only one there, and
nothing is called to which one hands the version of a library built with (`inflateInit2_`, `gcry_check_version`).
What identify/versions finds in the file goes before. Nothing is told of a file that tells two releases. Does NOT look
at plug-ins, scripts and symbolic links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.executable import detect
from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.program_table import product_of
from fwverify.identify.scan import scan
from fwverify.identify.sonames import soname
from fwverify.identify.version_table import identifiers
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "own-name"
KNOWN, UNKNOWN = 75, 65
"""Percent: a product whose name is known, and any other. Both below what counts as certain."""
ALONE_LESS = 5
"""A version without the name."""
MIN_LETTERS = 3
MAX_HITS = 200
"""Texts looked at in one file."""
_KINDS = rb"(?: (?:library|daemon|server|client|tool|utility|program|encoder|decoder))?"
_LONG = rb"\d{1,4}(?:\.\d{1,5}){2,3}"
_SHORT = rb"\d{1,4}\.\d{1,4}"
_END = rb"(?:[a-z]\d?)?(?=[\0\n\r ,;()\[\]]|\.[\0\n ])"
_SAID = rb"[ ,:-]{1,2}(?:version|release|ver\.?|v)[ :]{0,2}"
_ALONE = re.compile(rb"(?<![\t\n\r -~])v?(\d{1,4}(?:\.\d{1,5}){1,3}(?:[a-z]\d?|-?(?:rc|alpha|beta)\d{0,2})?)\0")
_OUTSIDE = re.compile(r"[\s_-]+")
_LIBRARY = re.compile(r"(?P<stem>[\w.+-]+?)(?:-[\d.]+)?\.so(?:\.[\d.]+)?", re.ASCII)
_PROGRAM = re.compile(r"[A-Za-z][\w+-]*", re.ASCII)
_TELLS = re.compile(
    r"(?:^|_)(?:lib)?version(?:_?(?:str|string|text|name|info|get))?$|[vV]ersion(?:String|Str|Text)?$"
    r"|^get_\w*version$|_get_version_string$",
    re.ASCII,
)
"""Names of functions by which a library tells its version."""
_ASKS = re.compile(
    rb"(?<=\0)(?:[a-z]{1,20}(?:Back)?Init2?_|png_create_\w{1,20}_struct|\w{0,40}[cC]heck_?[vV]ersion|curl_version)(?=\0)"
)
"""Names of functions that are handed the version of the library one was built with, as symbol tables have them."""


@dataclass(frozen=True, slots=True)
class _Own:
    """What a file may call itself."""

    product: str
    names: tuple[str, ...]
    library: bool
    whole: bool
    """The file is called like its product, not like a part of it."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield the one release told."""
    if subject.text is not None or detect(subject.artifact.content) != "ELF":
        return
    own = _own(subject)
    if own is None:
        return
    content, known = subject.artifact.content, own.product in known_products()
    named = _releases(_told(own), content, own.names)
    less = 0
    if not named and _alone_counts(own, subject):
        named, less = _releases(_ALONE, content, ()), ALONE_LESS
        if any(one.count(b".") != 2 for one in named):
            return
    if len(named) == 1 and (known or own.library or _home(own, content)) and not _proven(own, subject, min(named)):
        ((version, (at, quote)),) = named.items()
        confidence = (KNOWN if known else UNKNOWN) - less
        yield Clue(own.product, version.decode(), subject.artifact.locator, NAME, confidence, quoted(quote), at)


def _own(subject: Subject) -> _Own | None:
    """None where the file has no name that can be a product's."""
    library, file = soname(subject), subject.artifact.name.rpartition("/")[2]
    if library:
        found = _LIBRARY.fullmatch(library)
        product = canonical_product(library)
        if found is None or not library.startswith("lib"):
            return None
        if product not in known_products() and library.endswith(".so"):
            return None  # a plug-in: part of its host
        stem = found["stem"]
    elif _PROGRAM.fullmatch(file):
        product, stem = product_of(file), file
    else:
        return None
    bare = stem.lower().removeprefix("lib")
    whole = product.removeprefix("lib") in {bare, re.sub(r"[-\d.]+$", "", bare)} or canonical_product(bare) == product
    names = {product, product.removeprefix("lib")} | ({stem, stem.removeprefix("lib")} if whole else set())
    kept = tuple(sorted(one for one in names if len(one) >= MIN_LETTERS and one[0].isalnum()))
    return _Own(product, kept, bool(library), whole) if kept else None


def _told(own: _Own) -> re.Pattern[bytes]:
    """Every part is of bounded length: linear over any bytes. A library's format may have two numbers, too."""
    spelled = (rb"[ _-]?".join(re.escape(part.encode()) for part in _OUTSIDE.split(one)) for one in own.names)
    begin = rb"(?<![\t\r -~])(?i:" + b"|".join(spelled) + rb")" + _KINDS
    version = rb"(?:(?i:" + _SAID + rb")|[ /-])(" + _LONG + _END + rb")"
    if not own.library:
        version += rb"|(?:(?i:" + _SAID + rb")|[ /])(" + _SHORT + _END + rb")"
    return re.compile(begin + rb"(?:" + version + rb")")


def _releases(
    pattern: re.Pattern[bytes], content: memoryview, names: tuple[str, ...]
) -> dict[bytes, tuple[int, bytes]]:
    """Release -> where it stands first, and the text; nothing when there are too many.

    Args:
        pattern: begins with one of the names, where there are any.
        content: to be searched.
        names: tried where they stand only, which is ten times faster than to let the expression search for them.
    """
    found: dict[bytes, tuple[int, bytes]] = {}
    hits = pattern.finditer(content) if not names else _at_names(pattern, content, names)
    for count, hit in enumerate(hits):
        if count == MAX_HITS:
            return {}
        found.setdefault(next(one for one in hit.groups() if one), (hit.start(), hit[0].strip(b"\0")))
    return found


def _at_names(pattern: re.Pattern[bytes], content: memoryview, names: tuple[str, ...]) -> Iterator[re.Match[bytes]]:
    lowered = bytes(content).lower()
    places: set[int] = set()
    for begin in {_OUTSIDE.split(one)[0].lower().encode() for one in names}:
        at = lowered.find(begin)
        while at >= 0:
            places.add(at)
            at = lowered.find(begin, at + 1)
    yield from (hit for at in sorted(places) if (hit := pattern.match(content, at)) is not None)


def _alone_counts(own: _Own, subject: Subject) -> bool:
    executable = subject.executable
    if executable is None or not own.library or own.product in identifiers():
        return False
    tells = any(_TELLS.search(one) for one in executable.exported)
    return tells and _ASKS.search(subject.artifact.content) is None


def _proven(own: _Own, subject: Subject, version: bytes) -> bool:
    """Expressions of the product speak of this file, or the text is too short to count beside them."""
    if own.product not in identifiers():
        return False
    hits = scan(subject.artifact.content, soname(subject), subject.limits.max_scan_events)
    return not (own.whole or own.library) or version.count(b".") < 2 or any(one.product == own.product for one in hits)


def _home(own: _Own, content: memoryview) -> bool:
    """A web or mail address of the project: a program is more than a tool of another one."""
    names = b"|".join(re.escape(one.encode()) for one in own.names)
    return re.search(rb"(?i)(?:https?://|@|www\.)[\w.@/~+-]{0,60}?(?:" + names + rb")", content) is not None


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="releases that a file tells of itself",
        references=(
            "GNU Coding Standards 4.8.1, read 2026-11-23",
            "Autoconf manual, Initializing configure (PACKAGE_STRING), read 2026-11-23",
            "RFC 9110 10.2.4, read 2026-11-23",
        ),
        limitations=(
            "Silent where fwverify/identify/versions finds the product.",
            "A renamed file, or one that tells two releases, shows nothing.",
        ),
    ),
)
