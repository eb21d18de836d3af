"""Texts in which a program or library states a release beside its own name, or the release alone.

Source: how programs answer `--version` (GNU Coding Standards 4.8.1), autoconf's PACKAGE_STRING and the product tokens
of RFC 9110 10.2.4; read 2026-11-23. Every expression is of bounded length, so the search is linear over any bytes.
Does NOT decide whose release a lone one is; see detectors/own_name.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.identify.handed import COMPILER, places

MAX_HITS = 200
"""Texts looked at in one file."""
MAX_WORDS = 1
"""Between the name of a library and two numbers (`aspell default speller rowl 1.10` is a format)."""
_WORDS = rb"(?: \(?[A-Za-z][A-Za-z0-9]{1,19}\)?){0,3}?"
_STATED = rb"[ ,:-]{1,2}(?i:version|release|ver\.?|v)[ :]{0,2}"
_LONG = rb"\d{1,4}(?:\.\d{1,5}){2,4}"
_SHORT = rb"\d{1,4}\.\d{1,4}"
_STAGE = rb"(?:[a-z](?:0(?!\d)|[1-9]\d?)?|-p\d{1,2}|[-.~]?(?:rc|alpha|beta|pre)\.?\d{0,3})?"
_END = rb"(?=[\0\n\r ,:;()\[\]<\"'+]|\.[\0\n ]|-[A-Za-z\d])"
_VERSION = rb"v?(" + _LONG + _STAGE + rb"|" + _SHORT + _STAGE + rb")" + _END
_BEHIND = re.compile(
    rb"(" + _WORDS + rb")(?:" + _STATED + rb"|[ /-]| - |-agent/)(?:v?(" + _LONG + _STAGE + rb")(?:(?=/)|" + _END + rb")"
    rb"|v?(" + _SHORT + _STAGE + rb")" + _END + rb")"
)
"""What follows a name."""
_PACKAGE = re.compile(
    rb"(?: \((?:GNU )?([A-Za-z][\w.+ -]{1,30})\)| (?:from|of) ([A-Za-z][\w.+-]{1,30}))[ ,]{1,2}(?:version )?" + _VERSION
)
"""What follows a program's name."""
_OUTSIDE = re.compile(r"[\s_-]+")
_NOT_OURS = re.compile(
    rb"(?i)(?<![a-z])(?:requires?|needs?|uses?|using|with|without|against|for|from|than|since|before|until|least|prior|"
    rb"compatible|supports?|protocol|format|api|abi|schema|spec(?:ification)?|draft|profile|level|or|and|not|on|to|in|"
    rb"of|as|old|via|mozilla|kernel|server|client|backend|compiler|firmware)(?![a-z])"
)
"""Words that say that a number behind them is not the release of this file."""
_FOLLOWED = re.compile(
    rb"(?i)(?:[ ,(]{1,2}(?:or|and) (?:later|newer|higher|above|up|greater|earlier|older|more)| to \d|\+(?![\w.])"
    rb"| ?(?:protocol|format|api|series|compatib)| ?\((?:alpha|beta|pre|rc))"
)
_UNFINISHED = re.compile(rb"(?i)(?:alpha|beta|pre|rc)\.?\Z")
"""A stage without its number: which one is not told."""
_SNAPSHOT = re.compile(rb"[-.~](?:git|dev|snapshot)(?![a-z])|\+\d{1,5}\.g[0-9a-f]{6}")
"""Behind a release: what was made after it, or before."""
_ADDRESS = re.compile(
    rb"(?:(?:[2-9]\d\d?|1\d\d|10)\.\d+|0\.0)(?:\.\d+){2}|(?:\d+\.){1,3}255(?:\.\d+){0,2}|(\d)(?:\.\1){3}|8\.8\.4\.4|1\.2\.3\.4"
)
"""Four numbers that are as often a host: most networks (IANA IPv4 registry), masks, open resolvers."""
_UNIT = re.compile(rb"\A\.\d+[g-z]\Z")
"""Two numbers and a letter: `62.5k`."""
_BEFORE, _AFTER = 24, 16
"""Bytes looked at around a text for such words."""
_PROTOCOL = re.compile(rb"(?i)(?:https?|rtsp|sip|icap|ipp|ftp|rtp|upnp|ssh|rtmp|tls|imap|ldap|soap|cgi)[/-]\d+\.\d+")
_ALONE = re.compile(
    rb"\.\d{1,5}(?:\.\d{1,5}){0,2}"
    + _STAGE
    + rb"(?=((?:(?:[-+~]\d|[-+~.](?:dfsg|ds|deb|git|dev|release))[\w.+~-]{0,24})?"
    rb"(?: (?:\(|\[|\d{4,8}(?!\d)|[a-z0-9_]{2,16}-)[^\0]{0,60})?)\n?\0)"
)
"""Begins with its first point, which is found fast; what is before is looked at then."""
_TIME = re.compile(rb"\0+[0-2]\d:[0-5]\d:[0-5]\d\0")
_NUMBER_BEFORE, _NUMBER_AFTER = re.compile(rb"\0[\d.]{1,8}\0+\Z"), re.compile(rb"\0+[\d.]{1,8}\0")
_TIME_BYTES = 24
"""Looked at around a number alone."""
_DAY = re.compile(rb"\0(20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?=\0)")
_JOINED = re.compile(rb"[/-]\d[\d.]*\Z")
_WORD = b"ersion"
_AFTER_WORD = re.compile(rb":?[ \t]{1,2}v?(" + _LONG + _STAGE + rb")" + _END)
_INSIDE_BEFORE, _INSIDE_AFTER = re.compile(rb"(?:[\w.+/-]|\wv)\Z(?<!\Wv)(?<!\Av)"), re.compile(rb"[\w+/]|\.\w")
"""What makes numbers a part of something longer."""
_HEAD = re.compile(rb"(?:^|[^\t\n\r -~]|\x80N)v?(\d{1,4})\Z")
"""Texts may begin where code ends; the last instruction of PowerPC's ends in a letter."""
_HEAD_BYTES = 7
_NO_RELEASE = re.compile(
    rb"(?:[0-3]|[7-9]\d|\d{3,})\.0|\d+\.00+|0\d+\.\d[\d.]*|[01]\.1|646\.1991|0\.0\.[01]|1\.0\.0|2\.[46]\.\d\d+|1\.3\.6|2\.5\.(?:4|29)(?:\.\d+)?|1\.3\.6\.\d+|[12]\.\d+\.\d{3,}\.\d+|802\.\d+\w*|1[0-7]\.[01]\.0|0+\.0\d*|\d+\.\d+[xe]\d*|23\.9\d+|29\.97|59\.94"
)
"""Formats and protocols (1.0, 2.0), the least kernel (2.6.30), object identifiers, IEEE 802, editions of Unicode,
pictures a second."""


@dataclass(frozen=True, slots=True)
class Told:
    """Where a release is told."""

    at: int
    quote: bytes
    first: bool
    """The name begins the text."""


def beside_name(content: memoryview, names: tuple[str, ...], *, library: bool) -> dict[bytes, Told]:
    """Releases that stand behind one of the names; nothing when there are too many.

    Args:
        content: to be searched.
        names: of the file's product; each place where one stands is looked at.
        library: two numbers count only behind a name that begins with `lib`, or where the last has two digits: `NAME
            1.2` in a library is a protocol or a format as often.
    """
    found: dict[bytes, Told] = {}
    for count, (at, hit) in enumerate(_at_names(content, names)):
        if count == MAX_HITS:
            return {}
        version, told = hit[2] or hit[3], Told(at, bytes(content[at : hit.end()]), _begins(content, at))
        if _ours(content, hit, told, library=library) and not (version in found and found[version].first):
            found[version] = told
    return found


def in_brackets(content: memoryview, program: str) -> tuple[str, bytes, Told] | None:
    """(package, release, where) of `PROGRAM (PACKAGE) RELEASE`, or `from` or `of PACKAGE RELEASE`, if there is one.

    Args:
        content: to be searched.
        program: name of the file, which must begin the text.
    """
    held, found = bytes(content), {}
    for at in places(held, program.encode("utf-8", "replace")):
        hit = _PACKAGE.match(held, at + len(program.encode("utf-8", "replace")))
        if hit and _begins(content, at):
            found[hit[1] or hit[2], hit[3]] = Told(at, held[at : hit.end()], first=True)
    if len(found) != 1:
        return None
    (((name, version), told),) = found.items()
    return name.decode(), version, told


def alone(content: memoryview) -> dict[bytes, Told]:
    """Releases that are a text of their own, as `%s` is handed them."""
    found: dict[bytes, Told] = {}
    for hit in _ALONE.finditer(content):
        head = _HEAD.search(bytes(content[max(0, hit.start() - _HEAD_BYTES) : hit.start()]))
        if head is None or _NO_RELEASE.fullmatch(head[1] + hit[0]) or _UNIT.search(hit[0]):
            continue
        if _ADDRESS.fullmatch(head[1] + hit[0]):
            continue
        if _UNFINISHED.search(hit[0]) or _SNAPSHOT.match(hit[1]) or _built_then(content, head[1] + hit[0], hit.end()):
            continue
        if len(found) == MAX_HITS:
            return {}
        begin = hit.start() - len(head[1])
        if hit[0].count(b".") == 1 and _in_table(content, begin, hit.end()):
            continue
        found.setdefault(head[1] + hit[0], Told(begin, head[1] + hit[0] + hit[1], first=True))
    return found


def dates(content: memoryview) -> dict[bytes, Told]:
    """Days that are a text of their own (20240509): some projects number so."""
    found: dict[bytes, Told] = {}
    for hit in _DAY.finditer(content):
        found.setdefault(hit[1], Told(hit.start(1), hit[1], first=True))
    return found


def _in_table(content: memoryview, begin: int, end: int) -> bool:
    """Numbers stand before and behind it: `110`, `134.5`, `150`."""
    before = _NUMBER_BEFORE.search(bytes(content[max(0, begin - _TIME_BYTES) : begin]))
    return before is not None and _NUMBER_AFTER.match(content, end, end + _TIME_BYTES) is not None


def _built_then(content: memoryview, version: bytes, end: int) -> bool:
    """A compiler's release before the time of the build: __VERSION__, __TIME__."""
    return COMPILER.fullmatch(version) is not None and _TIME.match(content, end, end + _TIME_BYTES) is not None


def behind_word(content: memoryview) -> dict[bytes, Told]:
    """Releases of three numbers behind the word `version`, whatever they are the version of."""
    found: dict[bytes, Told] = {}
    held = bytes(content)
    for at in places(held, _WORD):
        hit = _AFTER_WORD.match(held, at + len(_WORD))
        if not hit or _NO_RELEASE.fullmatch(hit[1]) or _FOLLOWED.match(held, hit.end(), hit.end() + _AFTER):
            continue
        if not _NOT_OURS.search(_words_before(content, at - 1)):
            found.setdefault(hit[1], Told(at - 1, held[at - 1 : hit.end()], first=False))
        if len(found) == MAX_HITS:
            return {}
    return found


def stands(content: memoryview, release: str) -> Told | None:
    """Where these numbers stand as a text or a word of one, not as a part of a file's name or of a longer number."""
    held, sought = bytes(content), release.encode("ascii", "replace")
    for at in places(held, sought):
        around = held[max(0, at - 2) : at], held[at + len(sought) : at + len(sought) + 2]
        if not _INSIDE_BEFORE.search(around[0]) and not _INSIDE_AFTER.match(around[1]):
            return Told(at, sought, first=False)
    return None


def _ours(content: memoryview, hit: re.Match[bytes], told: Told, *, library: bool) -> bool:
    end = hit.end(), hit.end() + _AFTER
    if _NOT_OURS.search(hit[1]) or _FOLLOWED.match(content, *end) or _SNAPSHOT.match(content, *end):
        return False
    if _UNFINISHED.search(hit[2] or hit[3]):
        return False
    if not told.first and (_NOT_OURS.search(_words_before(content, told.at)) or _in_address(content, told)):
        return False
    if hit[2]:
        return True
    if not told.first or _PROTOCOL.match(told.quote) or (_JOINED.search(told.quote) and _NO_RELEASE.fullmatch(hit[3])):
        return False
    if not library or told.quote[:3].lower() == b"lib":
        return True
    return len(hit[3].rpartition(b".")[2]) > 1 and hit[1].count(b" ") <= MAX_WORDS


def _in_address(content: memoryview, told: Told) -> bool:
    """Folders of a web address: `http://www.sk.ee/DigiDoc/v1.3.0/`, which is a schema's."""
    return b"/" in told.quote and b"://" in _words_before(content, told.at)


def _words_before(content: memoryview, at: int) -> bytes:
    """What stands before it in the same text."""
    before = bytes(content[max(0, at - _BEFORE) : at])
    return re.split(rb"[\0\n]", before)[-1]


def _begins(content: memoryview, at: int) -> bool:
    return at == 0 or not (content[at - 1] in b"\t\r" or 0x20 <= content[at - 1] < 0x7F)


def _at_names(content: memoryview, names: tuple[str, ...]) -> Iterator[tuple[int, re.Match[bytes]]]:
    """(where the name begins, what is behind it), at the places where a name stands only."""
    lowered, held = bytes(content).lower(), bytes(content)
    spans = {(at, at + len(one)) for name in names for one in _spellings(name) for at in places(lowered, one)}
    for begin, end in sorted(spans):
        if begin == 0 or not bytes((held[begin - 1],)).isalnum():
            hit = _BEHIND.match(held, end)
            if hit:
                yield begin, hit


def _spellings(name: str) -> set[bytes]:
    """With a blank, an underscore, a hyphen or nothing between its parts."""
    parts = _OUTSIDE.split(name.lower())
    return {between.join(parts).encode() for between in (" ", "_", "-", "")}
