"""Perl modules with compiled parts, by the function that loads them, with the release compiled in.

perlxstut and ExtUtils::MakeMaker (XS_VERSION is compiled in; `auto/Foo/Bar/Bar.so` has `boot_Foo__Bar`), perlapi
(`xs_handshake` is handed the Perl release and the module's own); Debian Perl Policy 4.2 on names of packages, which
Yocto's recipes follow: `Foo::Bar` is in `libfoo-bar-perl`. Read 2026-11-23. In order, and each must hold:
1. The file lies where Perl looks for it, and exports the function that this place asks for.
2. The module is neither one that comes with Perl, unless it lies where those lie that did not, nor a binding of a C
   project (`SVN::`, `RRDs`) or part of a module.
3. Its release is the text beside that of Perl, or behind that and the name of its source (`Encode.c`), or the only one
   in the file that is a number alone.
Does NOT look at modules without compiled parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "perl-extension"
BESIDE, ALONE, UNKNOWN = 80, 70, 75
"""Percent: the release beside Perl's, one that stands alone, and a module whose release is not told."""
MAX_MODULE = 100
"""Characters. The longest on CPAN have about 80."""
_PLACE = re.compile(r"/perl\d?/(?:[\w.-]+/){0,4}auto/((?:\w+/){1,8})(\w+)\.so$", re.ASCII)
_NUMBER = rb"(?!v5\.\d{1,3}\.\d{1,3}\0)v?\d{1,8}(?:\.\d{1,9}){1,2}(?:_\d{1,4})?"
_PERL = rb"v5\.\d{1,3}\.\d{1,3}"
_ALONE = re.compile(rb"(?<![ -~])(" + _NUMBER + rb")(?=\0)")
_BEFORE = re.compile(rb"(?<![ -~])(" + _NUMBER + rb")(?=\0{1,8}" + _PERL + rb"\0)")
_BEHIND = re.compile(rb"(?<![ -~])" + _PERL + rb"\0{1,8}(" + _NUMBER + rb")(?=\0)")
_BEHIND_SOURCE = re.compile(rb"(?<![ -~])" + _PERL + rb"\0{1,8}\w{1,60}\.c\0{1,8}(" + _NUMBER + rb")(?=\0)")
_WITH_PERL = frozenset({
    "attributes", "B", "Compress::Raw::Bzip2", "Compress::Raw::Zlib", "Cwd", "Data::Dumper", "DB_File", "Devel::Peek",
    "Devel::PPPort", "Digest::MD5", "Digest::SHA", "Fcntl", "File::DosGlob", "File::Glob", "Filter::Util::Call",
    "GDBM_File", "Hash::Util", "Hash::Util::FieldHash", "I18N::Langinfo", "IO", "IPC::SysV", "List::Util",
    "Math::BigInt::FastCalc", "MIME::Base64", "mro", "NDBM_File", "ODBM_File", "Opcode", "POSIX", "PerlIO::encoding",
    "PerlIO::mmap", "PerlIO::scalar", "PerlIO::via", "re", "SDBM_File", "Socket", "Storable", "Sys::Hostname",
    "Sys::Syslog", "threads", "threads::shared", "Time::HiRes", "Time::Piece", "Unicode::Collate",
    "Unicode::Normalize", "arybase", "Encode",
})  # fmt: skip
"""perlmodlib: extensions of the Perl distribution; all of Encode:: besides."""
_BINDINGS = frozenset({
    "Encode", "SVN", "NetSNMP", "SNMP", "RRDs", "RRDp", "Image", "Irssi", "LibAppArmor", "Purple", "Pidgin", "Git",
    "Collectd", "Hamlib", "OpenIPMI", "uwsgi", "Xapian", "Kolab", "Lasso", "APR", "Apache2", "ModPerl", "Search",
    "Graphics", "Gv", "gv", "Weechat", "Ecasound", "Amanda", "OpenSC", "PDL", "Sane", "Sys", "Uim", "Zbar", "Barcode",
    "Texinfo",
})  # fmt: skip
"""First parts of the names of modules that a C project ships, with its own release or a number of theirs."""
_PART_OF = {
    "Params::Validate::XS": "Params::Validate", "DBD::SQLite": "DBD::SQLite3", "List::Util": "Scalar::List::Utils",
    "XML::Parser::Expat": "XML::Parser", "Cwd": "PathTools",
}  # fmt: skip
"""Modules that are packed under another name."""
_INSTALLED = re.compile(r"/(?:vendor|site)_perl/|-linux-[\w-]+/perl5/\d\.\d+/auto/", re.ASCII)
"""perlrun, `@INC`; Debian Perl Policy 2.2: where modules lie that did not come with Perl, newer ones of its own too."""
_PARTS = re.compile(r"\w+::(?:\w+::)+Util")
"""A module of helpers below a distribution's own names has a number of its own."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield the module."""
    module = _module(subject)
    if not module:
        return
    content = bytes(subject.artifact.content)
    hit, confidence = _release(content)
    version = hit[1].decode().removeprefix("v") if hit else ""
    quote = hit[1] if hit else b"boot_" + module.replace("::", "__").encode()
    product = "lib" + _PART_OF.get(module, module).replace("::", "-").replace("_", "-").lower() + "-perl"
    at = hit.start(1) if hit else content.find(quote)
    yield Clue(product, version, subject.artifact.locator, NAME, confidence, quoted(quote), at)


def _module(subject: Subject) -> str:
    """The name that place and function agree on; empty where they do not, or the module is another's."""
    place = _PLACE.search("/" + subject.artifact.name)
    if place is None or subject.executable is None or len(place[1]) > MAX_MODULE:
        return ""
    parts = place[1].rstrip("/").split("/")
    module = "::".join(parts)
    if parts[-1] != place[2] or "boot_" + "__".join(parts) not in subject.executable.exported:
        return ""
    if module in _WITH_PERL and _INSTALLED.search("/" + subject.artifact.name):
        return module
    return "" if module in _WITH_PERL or parts[0] in _BINDINGS or _PARTS.fullmatch(module) else module


def _release(content: bytes) -> tuple[re.Match[bytes] | None, int]:
    """Where the one release stands, and how sure that is."""
    beside = {hit[1]: hit for look in (_BEFORE, _BEHIND) for hit in look.finditer(content)}
    beside = beside or {hit[1]: hit for hit in _BEHIND_SOURCE.finditer(content)}
    if len(beside) == 1:
        return next(iter(beside.values())), BESIDE
    alone = {hit[1]: hit for hit in _ALONE.finditer(content)}
    if len(alone) == 1:
        return next(iter(alone.values())), ALONE
    return None, UNKNOWN


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="Perl modules with compiled parts",
        references=(
            "perlxstut, ExtUtils::MakeMaker (XS_VERSION), read 2026-11-23",
            "Debian Perl Policy 4.2, read 2026-11-23",
        ),
        limitations=(
            "Modules of Perl alone are not named, nor those that come with Perl.",
            "The release is that of the compiled part.",
        ),
    ),
)
