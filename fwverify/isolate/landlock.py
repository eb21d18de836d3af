"""Landlock: a process gives up the file system, the network and signals to others, for good.

Source: Linux Documentation/userspace-api/landlock.rst, read 2026-11-22 (interface versions 1 to 7). The three system
calls have the same numbers on every processor; they are made through ctypes, no library is needed.

What a worker keeps: reading what Python and its libraries consist of (they are loaded late), and its own scratch
folder. Does nothing where the kernel has no Landlock, and says so.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG, RULE_PATH_BENEATH = 1, 1
PR_SET_NO_NEW_PRIVS = 38
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE, MAKE_REG = 1, 2, 4, 8, 32, 256
REMOVE_DIR, MAKE_DIR, MAKE_FIFO, MAKE_SYM, REFER = 16, 128, 1024, 4096, 8192
READING = READ_FILE | READ_DIR
FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""From which interface version on how many rights of files exist: refer, truncate, device control came later."""
TRUNCATE = 1 << 14
FILES = READING | WRITE_FILE | REMOVE_FILE | MAKE_REG | TRUNCATE
"""A worker's own folder."""
TREES = FILES | REMOVE_DIR | MAKE_DIR | MAKE_FIFO | MAKE_SYM | REFER
"""The same where programs unpack into it. No devices, and nothing in it can be started."""
TCP, SCOPES = 0b11, 0b11
"""Bind and connect (version 4); abstract sockets and signals (version 6)."""


class Ruleset(ctypes.Structure):
    """struct landlock_ruleset_attr."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class PathBeneath(ctypes.Structure):
    """struct landlock_path_beneath_attr."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _library() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if platform.system() == "Linux" else None


def version() -> int:
    """The kernel's interface version; 0: no Landlock here."""
    library = _library()
    if library is None:
        return 0
    return max(0, int(library.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG)))


def needed_for_reading() -> tuple[Path, ...]:
    """Where Python and its libraries lie: they are loaded when first used."""
    places = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, *(one for one in sys.path if one)}
    system = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache")
    return tuple(sorted({Path(one).resolve() for one in (*places, *system) if Path(one).exists()}))


def needed_for_programs() -> tuple[Path, ...]:
    """Where the system's programs lie, and those that came with this Python (its scripts)."""
    system = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
    places = {sys.prefix, sys.base_prefix, *system}
    return tuple(sorted({Path(one).resolve() for one in places if Path(one).exists()}))


def give_up_new_privileges() -> bool:
    """No program this process might start gains rights; the kernel asks for it before Landlock and seccomp."""
    library = _library()
    return library is not None and library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0


def apply(scratch: Path | None, readable: Iterable[Path] | None = None, programs: Iterable[Path] = ()) -> bool:
    """Restrict this process. False: this kernel has no Landlock, or refuses.

    Args:
        scratch: the one folder it may write in; None: nowhere.
        readable: files and folders it may read; None: `needed_for_reading`.
        programs: folders whose programs it may start; then it may also make folders and links in its scratch, and
            use /dev/null.
    """
    runnable = tuple(programs)
    library, has = _library(), version()
    if library is None or not has:
        return False
    files = (1 << max(count for since, count in FILE_RIGHTS if has >= since)) - 1
    ruleset = Ruleset(files, TCP if has >= 4 else 0, SCOPES if has >= 6 else 0)
    size = 8 * (1 + (has >= 4) + (has >= 6))
    handle = library.syscall(CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), 0)
    if handle < 0:
        return False
    try:
        for path in readable if readable is not None else needed_for_reading():
            _allow(library, handle, path, READING if path.is_dir() else READ_FILE)
        for path in runnable:
            _allow(library, handle, path, READING | EXECUTE)
        if runnable:
            _allow(library, handle, Path(os.devnull), READ_FILE | WRITE_FILE)
        if scratch is not None:
            _allow(library, handle, scratch, (TREES if runnable else FILES) & files)
        return bool(library.syscall(RESTRICT_SELF, handle, 0) == 0)
    finally:
        os.close(handle)


def _allow(library: ctypes.CDLL, handle: int, path: Path, rights: int) -> None:
    """One place. A place that cannot be opened or allowed stays forbidden."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rule = PathBeneath(rights, place)
    library.syscall(ADD_RULE, handle, RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    os.close(place)
