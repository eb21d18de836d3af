"""The release that a program or library tells of itself, where no proven expression does.

Source: identify/own_texts.py tells the texts. In order, and only where it gives one release:
0. The SONAME of a library of a known product holds the release before `.so`.
1. The name begins a text with a release. The name is the file's own (a program's), its product's or its SONAME's.
2. `PROGRAM (PACKAGE) RELEASE`: of the package that the program says it belongs to.
3. A release alone, if it is the only one left there when those are taken out that are another's: the compiler's,
   what expressions of identify/versions tell of other products, and the version of a library built with,
   which is handed to it (`inflateInit2_`, `gcry_check_version`). The program must be called like its product, or state
   three numbers; a library with expressions of its own must export a function that tells a version.
4. The name in the middle of a text, with a release of three numbers.
5. Of a library whose file is named by three numbers, those, where they stand in its bytes, too; two, if alone; else
   a day that stands alone (20240509), if it exports NAME_get_version.
6. Three numbers behind the word `version` in a program that has its product's very name.
What identify/versions finds in the file goes before, and what exported names exclude is dropped. Does NOT look at
plug-ins, scripts and symbolic links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.executable import Executable, detect
from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify.export_table import Range, bounds
from fwverify.identify.handed import handed, places
from fwverify.identify.interface import PLUG_IN, TENTATIVE, Detector, Found, Subject
from fwverify.identify.own_identity import BUILT, Own, own_of
from fwverify.identify.own_texts import Told, alone, behind_word, beside_name, dates, in_brackets, stands
from fwverify.identify.package_note import packages
from fwverify.identify.scan import Hit, scan, texts
from fwverify.identify.sonames import soname
from fwverify.identify.version_table import identifiers
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc
from fwverify.model.versions import compare

NAME = "own-name"
KNOWN, UNKNOWN = 75, 65
"""Percent: a product whose name is known, and any other. Both below what counts as certain."""
LESS = 5
"""A version without the name, or the name in the middle of a text."""
_TWO_NUMBERS = frozenset({"binutils", "ijs", "pulseaudio", "sg3-utils"})
"""Projects whose releases may have two numbers, and whose SONAMEs hold them."""
_FILE = re.compile(r"\.so\.(\d{1,4}\.\d{1,4}(?:\.\d{1,5}){0,2})$", re.ASCII)
_TELLS = re.compile(
    r"(?i)(?:^|_|[a-z])(?:lib|check_)?version(?:_?(?:str|string|text|name|info|get|number|num|full))*_?$", re.ASCII
)
"""Names of functions by which a library tells its version."""
_ADDRESS = re.compile(rb"(?:https?://|@|www\.)[\w.@/~+-]{0,60}\Z")
_ADDRESS_BYTES = 68
_APART = frozenset({
    "gpm", "dlt-daemon", "snapper", "libserialport", "librist", "libopenmpt", "lvm2", "sg3-utils",
    "knot", "netdiag", "libsdl", "libsdl3", "pax-utils", "hackrf",
})  # fmt: skip
"""Their libraries or tools have numbers of their own."""
_SUITES = ("libfrr.",)
"""Libraries of a project whose programs have the names of others (babeld)."""
_SNAPSHOT = re.compile(r"-system\.(20\d{6})\.so$", re.ASCII)
"""The day of a snapshot of binutils, the last number of its release: libbfd-2.47.50-system.20261021.so."""
_UNREADABLE = Executable("ELF", "", "")
"""A program whose tables cannot be read still has its texts."""


@dataclass(frozen=True, slots=True)
class _Release:
    """The one release told."""

    product: str
    version: bytes
    told: Told
    less: int


def find(subject: Subject) -> Iterator[Found]:
    """Yield the one release told."""
    if subject.text is not None or detect(subject.artifact.content) != "ELF":
        return
    if "/klibc/" in subject.artifact.name:
        return  # small programs of klibc itself, called like those of others
    own = own_of(subject)
    found = _release(own, subject) if own else None
    if found:
        confidence = (KNOWN if found.product in known_products() else UNKNOWN) - found.less
        if own and own.packaged and not own.whole and found.less:
            confidence = PLUG_IN if own.plug_in or found.version.count(b".") < 2 else TENTATIVE
        quote = quoted(found.told.quote)
        yield Clue(
            found.product, found.version.decode(), subject.artifact.locator, NAME, confidence, quote, found.told.at
        )


def _release(own: Own, subject: Subject) -> _Release | None:
    """The steps of the module's docstring."""
    found = _built(own, subject) or next((one for one in _steps(own, subject) if one), None)
    if found is None or any(one.product == found.product for one in _hits(subject)):
        return None
    return None if _of_its_package(own, found, subject) else found


def _of_its_package(own: Own, found: _Release, subject: Subject) -> bool:
    """A program that one project took over from another: the package it was built for has this very release."""
    if own.library or own.same:
        return False
    return any(
        canonical_product(name) != found.product and _upstream(version) == found.version.decode()
        for name, version in packages(subject.executable)
    )


def _upstream(version: str) -> str:
    """Of a package's version, without epoch and revision."""
    return version.partition(":")[2 if ":" in version else 0].partition("-")[0]


def _built(own: Own, subject: Subject) -> _Release | None:
    stated = soname(subject) if own.library and own.known else ""
    hit = BUILT.search(stated)
    if hit is None or (hit[2] and own.product not in _TWO_NUMBERS):
        return None
    release = f"{hit[1]}.{day[1]}" if (day := _SNAPSHOT.search(stated)) and hit[1] else hit[1] or hit[2]
    return _Release(own.product, release.encode(), Told(-1, stated.encode(), first=True), 0)


def _steps(own: Own, subject: Subject) -> Iterator[_Release | None]:
    content = texts(subject.artifact.content)
    found = beside_name(content, own.names, library=own.library)
    found.pop(own.number.encode(), None)
    if not (own.library or own.same):
        found = {version: told for version, told in found.items() if _of_product(own, version, told)}
    firm = own.known or own.library or (bool(found) and _home(own, content))
    first = _one({version: told for version, told in found.items() if told.first})
    if first and firm:
        first = _whole(first, content)
        if not _left_to_expressions(own.product, first[0], whole=own.whole or own.library, same=own.same):
            yield _Release(own.product, *first, 0)
        return
    if not own.library and not first:
        yield _of_package(in_brackets(content, subject.artifact.name.rpartition("/")[2]))
    if firm and not first:
        lone, far = _lone(own, content, subject), _one(found)
        yield _Release(own.product, *lone, LESS) if lone else None
        if far and not _left_to_expressions(own.product, far[0], whole=own.whole or own.library):
            yield _Release(own.product, *far, LESS)
    if own.known and own.product not in identifiers() and own.product not in _APART:
        last = (
            (_in_file_name(subject) or _day(content, subject) or _one(behind_word(content)))
            if own.library
            else _one(behind_word(content))
            if own.same
            else None
        )
        yield _Release(own.product, *last, LESS) if last else None


def _lone(own: Own, content: memoryview, subject: Subject) -> tuple[bytes, Told] | None:
    """The one that stands alone; what names the library's file and stands in its bytes goes before."""
    lone = _one(_alone(own, content, subject))
    return (_in_file_name(subject, longest=True) if lone and own.library else None) or lone


def _whole(first: tuple[bytes, Told], content: memoryview) -> tuple[bytes, Told]:
    """Of two numbers, the three that begin with them, where just one release alone does: `libosp 1.5` is 1.5.2."""
    if first[0].count(b".") > 1:
        return first
    longer = {one: told for one, told in alone(content).items() if one.startswith(first[0] + b".")}
    return next(iter(longer.items())) if len(longer) == 1 else first


def _of_product(own: Own, version: bytes, told: Told) -> bool:
    """A program that is called otherwise may have a number of its own, and a protocol may be called like the product:
    two numbers count behind the product's name and a blank alone."""
    return version.count(b".") > 1 or told.quote.lower().startswith(own.product.encode() + b" ")


def _in_file_name(subject: Subject, *, longest: bool = False) -> tuple[bytes, Told] | None:
    """The numbers of the file's name where they stand in its bytes; `longest`: of three numbers alone."""
    name = _FILE.search(subject.artifact.name)
    if name is None or name[1].endswith(".0.0"):
        return None
    if name[1].count(".") > 1:
        told = stands(subject.artifact.content, name[1])
    elif longest:
        return None
    else:
        told = alone(subject.artifact.content).get(name[1].encode())
    return (name[1].encode(), told) if told else None


def _day(content: memoryview, subject: Subject) -> tuple[bytes, Told] | None:
    """The one day that stands alone in a library with a function NAME_get_version."""
    tells = f"{soname(subject).partition('.')[0]}_get_version"
    return _one(dates(content)) if subject.executable and tells in subject.executable.exported else None


def _hits(subject: Subject) -> tuple[Hit, ...]:
    code = subject.executable.code if subject.executable else ()
    return scan(subject.artifact.content, soname(subject), subject.limits.max_scan_events, code=code)


def _of_package(belongs: tuple[str, bytes, Told] | None) -> _Release | None:
    if belongs is None:
        return None
    product = canonical_product(belongs[0])
    left = _left_to_expressions(product, belongs[1], whole=True)
    return _Release(product, belongs[1], belongs[2], 0) if product in known_products() and not left else None


def _one(found: dict[bytes, Told]) -> tuple[bytes, Told] | None:
    """The release, when all that is told is one: `2.3` beside `2.3.1` says the same."""
    longest = max(found, key=len, default=b"")
    if any(one != longest and not longest.startswith(one + b".") for one in found):
        return None
    return (longest, found[longest]) if found else None


def _left_to_expressions(product: str, version: bytes, *, whole: bool, same: bool = False) -> bool:
    """The product has proven expressions, and the text is too short to count beside them."""
    return product in identifiers() and (not whole or (version.count(b".") < 2 and not same))


def _alone(own: Own, content: memoryview, subject: Subject) -> dict[bytes, Told]:
    """Releases that stand alone and can be this file's."""
    executable = subject.executable or (None if own.library else _UNREADABLE)
    if executable is None or not own.known or own.product in _APART:
        return {}
    found = {version: told for version, told in alone(content).items() if not _in_code(told.at, executable)}
    if not found or not _alone_counts(own, executable):
        return {}
    range_ = _range(soname(subject), executable)
    found = {version: told for version, told in found.items() if _allowed(version, range_)}
    others = handed(content, frozenset(executable.exported)) if found else None
    if others is None:
        return {}
    found = {one: told for one, told in found.items() if not any(look.fullmatch(one) for look in others)}
    told = {one.version.encode() for one in (_hits(subject) if found else ())}
    interface = soname(subject).rpartition(".so.")[2].encode()  # libgrpc.so.29: 29.0.0 is the interface's number
    told |= {interface + b".0.0", interface + b".0"}
    return _likely(own, {version: where for version, where in found.items() if version not in told}, executable)


def _likely(own: Own, left: dict[bytes, Told], executable: Executable) -> dict[bytes, Told]:
    """Without those of two or four numbers that mean nothing beside one of three, or nothing at all in such a file."""
    long = {version: told for version, told in left.items() if version.count(b".") > 1}
    long = {version: told for version, told in long.items() if version.count(b".") == 2} or long
    if own.packaged and not own.whole:
        return long or left
    tells = own.library and any(map(_TELLS.search, executable.exported))
    if own.library:
        short_counts = tells and all(len(one.rpartition(b".")[2]) > 1 for one in left)
    else:
        short_counts = own.same and own.product not in identifiers()
    if long and (all(one.count(b".") > 1 for one in left) or tells or own.same):
        return long
    return left if short_counts else {}


def _in_code(at: int, executable: Executable) -> bool:
    """Four bytes of an instruction that look like `5.6` and a zero."""
    return any(one.start <= at < one.end for one in executable.code)


def _alone_counts(own: Own, executable: Executable) -> bool:
    if own.packaged and not own.whole:
        return True
    if not own.library:
        return (
            own.known
            and (own.same or (own.listed and own.product not in identifiers()))
            and not any(one.startswith(_SUITES) for one in executable.needed)
        )
    if not own.whole:
        begin = own.stem + "_"
        return own.known and any(one.lower().startswith(begin) and _TELLS.search(one) for one in executable.exported)
    return own.known and (own.product not in identifiers() or any(map(_TELLS.search, executable.exported)))


def _range(stated: str, executable: Executable) -> Range | None:
    return bounds(stated, frozenset(executable.exported), frozenset(executable.defined_versions)) if stated else None


def _allowed(version: bytes, range_: Range | None) -> bool:
    if range_ is None:
        return True
    text = version.decode()
    low = bool(range_.since) and compare(text, range_.since) == -1
    return not low and not (bool(range_.before) and compare(text, range_.before) in (0, 1))


def _home(own: Own, content: memoryview) -> bool:
    """A web or mail address of the project: a program is more than a tool of another one."""
    low = bytes(content).lower()
    found = (at for one in own.names for at in places(low, one.lower().encode()))
    return any(_ADDRESS.search(low, max(0, at - _ADDRESS_BYTES), at) for at in found)


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
