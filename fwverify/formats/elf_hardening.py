"""What an ELF program does against being attacked, as far as its tables and imports tell.

System V ABI, chapter 5; GNU_STACK, GNU_RELRO, DF_BIND_NOW, DF_1_NOW and DF_1_PIE as the GNU linker writes them
(Linux Standard Base 5.0, chapter 10; ld(1) -z now, -z relro, -z noexecstack, -pie); stack protector and fortified
functions as GCC and glibc name them (gcc(1) -fstack-protector, feature_test_macros(7) _FORTIFY_SOURCE); read
2026-11-23. Says only what can be said: a program linked statically imports nothing, so nothing is said of its canaries.
Does NOT look at code: a canary in one function of a hundred counts as one.
"""

from __future__ import annotations

from collections.abc import Collection

from fwverify.formats import elf_tables
from fwverify.formats.elf_tables import DT_STRSZ, DT_STRTAB, ET_DYN, PF_X, PT_LOAD, Tables
from fwverify.formats.names import quoted

PT_GNU_STACK, PT_GNU_RELRO, PF_W = 0x6474E551, 0x6474E552, 2
DT_RPATH, DT_BIND_NOW, DT_RUNPATH, DT_FLAGS, DF_BIND_NOW, DF_1_NOW = 15, 24, 29, 30, 8, 1
SHT_SYMTAB = 2
CANARIES = frozenset({"__stack_chk_fail", "__stack_chk_guard", "__stack_smash_handler", "__stack_chk_fail_local"})
FORTIFIABLE = frozenset({
    "memcpy", "memmove", "memset", "strcpy", "strncpy", "strcat", "strncat", "stpcpy", "sprintf", "snprintf",
    "vsprintf", "vsnprintf", "printf", "fprintf", "vprintf", "vfprintf", "syslog", "vsyslog", "read", "recv",
    "recvfrom", "readlink", "getcwd", "realpath", "gets", "fgets", "fread", "wcscpy", "mbstowcs", "confstr",
    "getgroups", "gethostname", "poll",
})  # fmt: skip
"""Functions that glibc checks under another name where it can; a program that imports none has nothing to fortify."""
MAX_PATH_BYTES = 4096


def hardening(tables: Tables, imported: Collection[str], interpreter: str, kind: str) -> tuple[tuple[str, str], ...]:
    """Name and value of everything that can be said, sorted; nothing for objects, core files and kernel modules.

    `nx`, `pie`, `canary`, `fortify`, `rwx`, `stripped`, `network`: yes or no. `relro`: full, partial or no.
    `run-path`: the folders, where there are any.

    Args:
        tables: of a sound file.
        imported: names of dynamic symbols it imports.
        interpreter: the program loader it asks for.
        kind: as `Executable.kind`.
    """
    if kind not in ("executable", "library"):
        return ()
    found = {"nx": _yes(_no_executable_stack(tables)), "rwx": _yes(_writable_code(tables))}
    found["stripped"] = _yes(not any(one.type == SHT_SYMTAB for one in tables.sections))
    if kind == "executable":
        found["pie"] = _yes(tables.type == ET_DYN)
    dynamic = elf_tables.dynamic_rows(tables)
    if dynamic:
        found["relro"] = _relro(tables, dynamic)
        path = _run_path(tables, dynamic)
        if path:
            found["run-path"] = path
    if imported:
        found |= _imports(frozenset(imported), "musl" in interpreter or "uClibc" in interpreter)
    return tuple(sorted(found.items()))


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _no_executable_stack(tables: Tables) -> bool:
    """Without the marker the kernel gives an executable stack."""
    marks = [one for one in tables.segments if one.type == PT_GNU_STACK]
    return bool(marks) and not any(one.flags & PF_X for one in marks)


def _writable_code(tables: Tables) -> bool:
    return any(one.type == PT_LOAD and one.flags & PF_W and one.flags & PF_X for one in tables.segments)


def _relro(tables: Tables, dynamic: list[tuple[int, int]]) -> str:
    if not tables.has_segment(PT_GNU_RELRO):
        return "no"
    values = dict(dynamic)
    now = DT_BIND_NOW in values or values.get(DT_FLAGS, 0) & DF_BIND_NOW
    return "full" if now or values.get(elf_tables.DT_FLAGS_1, 0) & DF_1_NOW else "partial"


def _run_path(tables: Tables, dynamic: list[tuple[int, int]]) -> str:
    """Where it looks for libraries before the system does: DT_RUNPATH, else DT_RPATH."""
    values = dict(dynamic)
    at = values.get(DT_RUNPATH, values.get(DT_RPATH, -1))
    start = elf_tables.file_offset(tables, values.get(DT_STRTAB, -1))
    if at < 0 or start < 0 or at >= values.get(DT_STRSZ, 0):
        return ""
    raw = bytes(tables.view[start + at : min(start + values[DT_STRSZ], start + at + MAX_PATH_BYTES)])
    return quoted(raw.partition(b"\0")[0])


def _imports(imported: frozenset[str], other_library: bool) -> dict[str, str]:
    found = {"canary": _yes(not CANARIES.isdisjoint(imported))}
    checked = {one for one in imported if one.startswith("__") and one.endswith("_chk")}
    if not other_library and (checked or not FORTIFIABLE.isdisjoint(imported)):  # only glibc has checked functions
        found["fortify"] = _yes(bool(checked))
    listens = "listen" in imported or ("bind" in imported and bool({"recvfrom", "recvmsg", "recv"} & imported))
    return {**found, "network": _yes(listens)}
