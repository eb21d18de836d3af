"""The only door to LIEF: ELF and PE structure, with extents checked against the file before LIEF is asked.

Layout: System V ABI, chapters 4 and 5; GNU symbol versioning (LSB 5.0, chapter 10.7); notes as in the same ABI and
`.note.package` as in the "Package metadata for executable files" specification of the UAPI group; read 2026-11-22.
LIEF 1.0 answers garbage with an empty Binary. Therefore `elf_tables` and `pe_tables` judge the file first, LIEF gets
only files whose tables hold, and what it returns is counted against those tables. TE images of UEFI, which LIEF does
not know, are read by `pe_tables` alone. Does NOT read Mach-O (`parse` says so), relocations, symbols outside the
dynamic table, or debug information.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from fwverify.formats import elf_note_reader, elf_tables, pe_tables
from fwverify.formats.clr_metadata import Assembly, assembly
from fwverify.formats.elf_hardening import hardening
from fwverify.formats.names import decoded
from fwverify.formats.pe_resources import version_strings
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

MACHINES = {
    2: "sparc", 3: "i386", 4: "m68k", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390", 40: "arm", 42: "sh",
    43: "sparc64", 50: "ia64", 62: "x86_64", 83: "avr", 87: "v850", 92: "openrisc", 93: "arc", 94: "xtensa",
    105: "msp430", 106: "blackfin", 113: "nios2", 140: "tms320c6000", 141: "tms320c2000", 164: "hexagon",
    173: "rx", 183: "aarch64", 189: "microblaze", 195: "arcv2", 243: "riscv", 247: "bpf", 258: "loongarch",
}  # fmt: skip
"""e_machine values of the generic ABI's register that appear in devices."""
PE_MACHINES = {
    0x14C: "i386", 0x1C0: "arm", 0x1C2: "arm", 0x1C4: "arm", 0x1F0: "ppc", 0x200: "ia64", 0xEBC: "efi-byte-code",
    0x5032: "riscv", 0x5064: "riscv", 0x5128: "riscv", 0x6232: "loongarch", 0x6264: "loongarch", 0x8664: "x86_64",
    0xAA64: "aarch64",
}  # fmt: skip
METADATA_SECTIONS = (".dep-v0", ".sbom")
"""Kept as they are, for detectors: cargo-auditable's list of crates, an embedded SBOM."""
MAX_METADATA_BYTES = 4 << 20
MACH_O_CPUS = frozenset({6, 7, 10, 12, 14, 18})
"""mach/machine.h CPU types without the 64-bit flag; tells a fat Mach-O from a Java class, which shares its magic."""


@dataclass(frozen=True, slots=True)
class Note:
    """One ELF note."""

    owner: str
    """Empty when it is not text."""
    type: int
    description: bytes


@dataclass(frozen=True, slots=True)
class Executable:
    """What detectors need of an executable, parsed once."""

    format: str
    """`ELF`, `PE` or `TE`"""
    machine: str
    kind: str
    """executable, library, object, core, kernel-module, efi-application, efi-driver"""
    soname: str = ""
    needed: tuple[str, ...] = ()
    interpreter: str = ""
    symbol_versions: tuple[tuple[str, str], ...] = ()
    """(library, version) required, sorted."""
    defined_versions: tuple[str, ...] = ()
    """Sorted; the library's own base definition left out."""
    build_id: str = ""
    notes: tuple[Note, ...] = ()
    comment: tuple[str, ...] = ()
    """Strings of .comment."""
    exported: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()
    statically_linked: bool = False
    problems: tuple[str, ...] = ()
    """Structure that is missing or does not hold (truncated, hollow): each becomes a gap."""
    unread: tuple[str, ...] = ()
    """Parts that could not be read while the rest holds: each becomes a gap, too."""
    bits: int = 0
    """32 or 64"""
    big_endian: bool = False
    module_info: tuple[str, ...] = ()
    """`name=value` strings of a kernel module's .modinfo."""
    hardening: tuple[tuple[str, str], ...] = ()
    """What it does against being attacked, by name, sorted (formats/elf_hardening)."""
    unexplained: tuple[ByteRange, ...] = ()
    """Bytes that no header, segment or section speaks of and that are not fill: data appended or hidden."""
    loads: tuple[tuple[int, int, int], ...] = ()
    """(address, file offset, bytes) of what is loaded."""
    code: tuple[ByteRange, ...] = ()
    """Where machine code and nothing else lies, as far as sections tell: what looks like a text there is none."""
    metadata: tuple[tuple[str, bytes], ...] = ()
    """Name and content of METADATA_SECTIONS that are there."""
    version_info: tuple[tuple[str, str], ...] = ()
    """Strings of a PE image's version resource, as written."""
    assembly: tuple[str, str] = ("", "")
    """Name and version of a .NET assembly."""

    def address(self, address: int) -> int:
        """Where the byte at a virtual address lies in the file; -1 when it is loaded from nowhere."""
        return next((at + address - base for base, at, size in self.loads if base <= address < base + size), -1)


def detect(view: memoryview) -> str:
    """`ELF`, `PE`, `TE`, `Mach-O` or empty, by the first bytes. Cheap and total."""
    head = bytes(view[:64])
    if head[:4] == elf_tables.MAGIC:
        return "ELF"
    if head[:2] == b"MZ" and len(head) == 64:
        at = int.from_bytes(head[60:64], "little")
        return "PE" if bytes(view[at : at + 4]) == b"PE\0\0" else ""
    if pe_tables.is_te(head):
        return "TE"
    if len(head) < 12:
        return ""
    if head[:4] in (b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"):
        return "Mach-O" if head[4] in MACH_O_CPUS else ""
    if head[:4] in (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xca\xfe\xba\xbe"):
        cpu = head[7] if head[0] == 0xFE else head[11]
        return "Mach-O" if cpu in MACH_O_CPUS and head[4:6] in (b"\0\0", b"\1\0") else ""
    return ""


def parse(view: memoryview) -> Executable:
    """Read an executable. Never silently empty: what does not hold is in `problems`.

    Raises:
        Unsupported: Mach-O, which is recognised and not read.
    """
    kind = detect(view)
    if kind == "Mach-O":
        raise Unsupported(f"{kind} executables are not read yet")
    if kind in ("PE", "TE"):
        return _pe(pe_tables.read(view))
    tables = elf_tables.read(view)
    if tables.problems:
        return _without_lief(tables)
    try:
        return _with_lief(tables)
    except UnicodeDecodeError as problem:  # LIEF's way to say that a name is not text; no linker writes such names
        return _without_lief(tables, f"a name in its tables is not text ({problem.reason})")


def _without_lief(tables: elf_tables.Tables, *more: str) -> Executable:
    return Executable(
        format="ELF",
        machine=_machine(tables),
        kind=_kind(tables, "", False),
        bits=tables.bits,
        big_endian=tables.order == ">",
        problems=(*tables.problems, *more),
    )


def _machine(tables: elf_tables.Tables) -> str:
    return MACHINES.get(tables.machine, f"machine-{tables.machine}")


def _kind(tables: elf_tables.Tables, soname: str, module: bool) -> str:
    match tables.type:
        case elf_tables.ET_EXEC:
            return "executable"
        case elf_tables.ET_DYN:
            program = tables.pie or (tables.has_segment(elf_tables.PT_INTERP) and not soname)
            return "executable" if program else "library"
        case elf_tables.ET_CORE:
            return "core"
        case _:
            return "kernel-module" if module else "object"


def load() -> None:
    """Load what parsing needs, ahead of the first executable."""
    _lief_config()


def _lief_config() -> Any:
    import lief

    lief.logging.disable()  # it writes about hostile bytes to standard error
    config = lief.ELF.ParserConfig()
    config.parse_relocations = False
    config.parse_symtab_symbols = False
    config.parse_overlay = False
    return config


def _with_lief(tables: elf_tables.Tables) -> Executable:
    import lief

    binary = lief.ELF.parse(bytes(tables.view), _lief_config())
    if binary is None:
        return _without_lief(tables, "LIEF cannot read it")
    lost = _lost(tables, binary)
    if lost:
        return _without_lief(tables, *lost)
    entry: Any = binary.get(lief.ELF.DynamicEntry.TAG.SONAME)
    soname = "" if entry is None else _text(entry.name)
    rows, unread = elf_note_reader.notes(tables)
    notes = tuple(Note(decoded(owner), type_, said) for owner, type_, said in rows)
    info = _strings(binary, ".modinfo")
    interpreter = _text(binary.interpreter) if binary.has_interpreter else ""
    kind = _kind(tables, soname, bool(info))
    needed = _texts(binary.libraries)
    imported = _symbol_names(binary.imported_symbols)
    return Executable(
        format="ELF",
        machine=_machine(tables),
        kind=kind,
        soname=soname,
        needed=needed,
        interpreter=interpreter,
        symbol_versions=_required_versions(binary),
        defined_versions=_defined_versions(binary),
        build_id=next((one.description.hex() for one in notes if (one.owner, one.type) == ("GNU", 3)), ""),
        notes=notes,
        comment=_strings(binary, ".comment"),
        exported=_symbol_names(binary.exported_symbols),
        imported=imported,
        statically_linked=kind == "executable" and not interpreter and not needed,
        bits=tables.bits,
        big_endian=tables.order == ">",
        module_info=info,
        hardening=hardening(tables, imported, interpreter, kind),
        unexplained=tables.unexplained,
        loads=tuple(
            (one.address, one.offset, one.file_bytes) for one in tables.segments if one.type == elf_tables.PT_LOAD
        ),
        code=elf_tables.code_sections(tables),
        metadata=_metadata(binary),
        unread=unread,
    )


def _lost(tables: elf_tables.Tables, binary: Any) -> list[str]:
    """What the file's own tables announce and LIEF did not return."""
    counts = (
        ("segments", len(tables.segments), len(binary.segments)),
        ("sections", len(tables.sections), len(binary.sections)),
        ("needed libraries", tables.needed, len(binary.libraries)),
    )
    return [f"only {got} of {said} {what} could be read" for what, said, got in counts if got < said]


def _text(name: str | bytes) -> str:
    """LIEF gives bytes where a name is not UTF-8, and str with lone surrogates in places."""
    if isinstance(name, str) and name.isascii() and "%" not in name:
        return name
    return decoded(name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape"))


def _texts(names: Iterable[str | bytes]) -> tuple[str, ...]:
    return tuple(_text(one) for one in names)


def _symbol_names(symbols: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted({_text(one.name) for one in symbols} - {""}))


def _required_versions(binary: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted(
            {
                (_text(one.name), _text(version.name))
                for one in binary.symbols_version_requirement
                for version in one.get_auxiliary_symbols()
            }
        )
    )


def _defined_versions(binary: Any) -> tuple[str, ...]:
    base = 1  # VER_FLG_BASE: the file's own name, not a version
    names: set[str] = set()
    for one in binary.symbols_version_definition:
        if not int(one.flags) & base:
            names.update(_text(version.name) for version in list(one.auxiliary_symbols)[:1])  # the rest are parents
    return tuple(sorted(names))


def _metadata(binary: Any) -> tuple[tuple[str, bytes], ...]:
    found = ((name, binary.get_section(name)) for name in METADATA_SECTIONS)
    return tuple(
        (name, bytes(one.content)) for name, one in found if one is not None and one.size <= MAX_METADATA_BYTES
    )


def _pe(tables: pe_tables.Tables) -> Executable:
    """A PE or TE image: the tables first, then what LIEF finds, counted against them."""
    basic = Executable(
        format=tables.format,
        machine=PE_MACHINES.get(tables.machine, f"machine-{tables.machine:#x}"),
        kind=tables.kind,
        bits=tables.bits,
        problems=tuple(tables.problems),
        unexplained=tables.unexplained,
        loads=tuple((tables.base + one.address, one.offset, one.size) for one in tables.sections),
    )
    if basic.problems or tables.format == "TE":
        return basic
    try:
        stated = version_strings(tables)
        named = assembly(tables)
        return _pe_with_lief(tables, replace(basic, version_info=stated, assembly=_named(named)))
    except Malformed as problem:
        return replace(basic, problems=(str(problem),))
    except UnicodeDecodeError as problem:
        return replace(basic, problems=(f"a name in its tables is not text ({problem.reason})",))


def _named(found: Assembly | None) -> tuple[str, str]:
    return (found.name, found.version) if found else ("", "")


def _pe_with_lief(tables: pe_tables.Tables, basic: Executable) -> Executable:
    import lief

    lief.logging.disable()
    config = lief.PE.ParserConfig()
    config.parse_signature = config.parse_rsrc = config.parse_reloc = False
    binary = lief.PE.parse(bytes(tables.view), config)
    if binary is None:
        return replace(basic, problems=("LIEF cannot read it",))
    got = len(binary.imports)
    if got < tables.imports:
        return replace(basic, problems=(f"only {got} of {tables.imports} imported libraries could be read",))
    exported = binary.get_export()
    return replace(
        basic,
        needed=_texts(one.name for one in binary.imports),
        imported=_symbol_names(entry for one in binary.imports for entry in one.entries if not entry.is_ordinal),
        exported=_symbol_names(exported.entries) if exported is not None else (),
        metadata=_metadata(binary),
    )


def _strings(binary: Any, section: str) -> tuple[str, ...]:
    """NUL-separated strings of a section, in order, each once."""
    found = binary.get_section(section)
    if found is None:
        return ()
    return tuple(dict.fromkeys(decoded(one) for one in bytes(found.content).split(b"\0") if one))
