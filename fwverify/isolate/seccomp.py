"""A seccomp filter that takes from a process what a parser never needs: network, other processes, the kernel's doors.

Source: Linux Documentation/userspace-api/seccomp_filter.rst and seccomp(2), read 2026-11-22; system call numbers from
the kernel's tables arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. Classic BPF, installed
with prctl(2) through ctypes; no library beside the C library.

A list of what is refused, not of what is allowed: an allow list would turn every new C library into a crash of every
worker. What opens files stays allowed here; Landlock says which. Does nothing on other processors than x86-64 and
ARM64, and says so.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

PR_GET_SECCOMP, PR_SET_SECCOMP, MODE_FILTER = 21, 22, 2
ALLOW, KILL_PROCESS, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
CLONE_THREAD = 0x00010000
X32_BIT = 0x40000000
"""System calls of the x32 interface, which would pass by the numbers below."""
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""BPF: load a word; jump if equal, greater or equal, any bit set; return."""
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
"""Offsets in struct seccomp_data (little-endian)."""
INSTRUCTION = struct.Struct("<HBBI")


REFUSED = {
    # the network
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "sendto": (44, 206), "recvfrom": (45, 207),
    "sendmsg": (46, 211), "recvmsg": (47, 212), "shutdown": (48, 210), "bind": (49, 200), "listen": (50, 201),
    "getsockname": (51, 204), "getpeername": (52, 205), "socketpair": (53, 199), "setsockopt": (54, 208),
    "getsockopt": (55, 209), "accept4": (288, 242), "recvmmsg": (299, 243), "sendmmsg": (307, 269),
    # other processes
    "fork": (57, -1), "vfork": (58, -1), "execve": (59, 221), "ptrace": (101, 117), "uselib": (134, -1),
    "migrate_pages": (256, 238), "move_pages": (279, 239), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "execveat": (322, 281), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    # the kernel and its doors
    "personality": (135, 92), "pivot_root": (155, 41), "chroot": (161, 51), "acct": (163, 89),
    "mount": (165, 40), "umount2": (166, 39), "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142),
    "sethostname": (170, 161), "setdomainname": (171, 162), "iopl": (172, -1), "ioperm": (173, -1),
    "init_module": (175, 105), "delete_module": (176, 106), "quotactl": (179, 60), "nfsservctl": (180, 42),
    "kexec_load": (246, 104), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "unshare": (272, 97), "perf_event_open": (298, 241), "name_to_handle_at": (303, -1),
    "open_by_handle_at": (304, -1), "setns": (308, 268), "finit_module": (313, 273),
    "kexec_file_load": (320, 294), "bpf": (321, 280), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsmount": (432, 432), "mount_setattr": (442, 442),
    "fanotify_init": (300, 262), "fsconfig": (431, 431), "fspick": (433, 433), "clock_settime": (227, 112),
    "settimeofday": (164, 170), "mknod": (133, -1), "mknodat": (259, 33),
}  # fmt: skip
"""Number on x86-64 and on ARM64 (-1: not there) of every call that answers EPERM."""
FOR_PROGRAMS = frozenset({"fork", "vfork", "execve", "mknod", "mknodat"})
"""Not refused where programs are started (which devices may be made, Landlock says: none)."""
NOT_FOR_PROGRAMS = {
    "kill": (62, 129), "tgkill": (234, 131), "pidfd_send_signal": (424, 424), "setpgid": (109, 154),
    "setsid": (112, 157),
}  # fmt: skip
"""Refused there besides: no program sends signals (abort ends without one), and none leaves the group in which all
are ended together."""
PROCESSORS = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""AUDIT_ARCH_* (calls of any other kind end the process) and column of the tables."""
CLONE, CLONE3 = (56, 220), (435, 435)
CLONE_NEW = 0x7E020000
"""Name spaces of its own: of mounts, users, the network..."""
OWN_ONLY = {"kill": (62, 129), "tgkill": (234, 131)}
"""Signals to itself alone (abort raises one)."""


def available() -> bool:
    """True when this kernel and processor take the filter."""
    library = _library()
    known = platform.machine() in PROCESSORS
    return library is not None and known and library.prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


def _library() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if platform.system() == "Linux" else None


def program(machine: str, process: int, *, programs: bool = False) -> bytes:
    """The filter for one processor and one process.

    1. Calls made in another processor's way (32 bit on 64 bit, x32) end the process.
    2. clone3 does not exist (its flags lie in memory, out of a filter's sight): the C library then takes clone.
    3. clone makes threads only; with `programs` processes too, but no name spaces.
    4. Signals go to the process itself only; with `programs` nowhere.
    5. What is refused answers EPERM; everything else is allowed.
    """
    audit, column = PROCESSORS[machine]
    not_there, not_permitted = ERRNO | errno.ENOSYS, ERRNO | errno.EPERM
    out = [
        (LOAD, 0, 0, ARCHITECTURE_AT), (EQUAL, 1, 0, audit), (RETURN, 0, 0, KILL_PROCESS),
        (LOAD, 0, 0, NUMBER_AT), (AT_LEAST, 0, 1, X32_BIT), (RETURN, 0, 0, KILL_PROCESS),
        (EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, not_there),
    ]  # fmt: skip
    own = () if programs else tuple((one[column], EQUAL, process, True) for one in OWN_ONLY.values())
    clone = (CLONE[column], ANY_BIT, CLONE_NEW, False) if programs else (CLONE[column], ANY_BIT, CLONE_THREAD, True)
    for number, test, value, allowed in (clone, *own):
        answers = (ALLOW, not_permitted) if allowed else (not_permitted, ALLOW)
        out += [(EQUAL, 0, 4, number), (LOAD, 0, 0, FIRST_ARGUMENT_AT), (test, 0, 1, value)]
        out += [(RETURN, 0, 0, one) for one in answers]
    for number in refused(column, programs=programs):
        out += [(EQUAL, 0, 1, number), (RETURN, 0, 0, not_permitted)]
    out.append((RETURN, 0, 0, ALLOW))
    return b"".join(INSTRUCTION.pack(*one) for one in out)


def refused(column: int, *, programs: bool) -> list[int]:
    """Numbers of the calls that answer EPERM."""
    calls = {name: one for name, one in REFUSED.items() if not programs or name not in FOR_PROGRAMS}
    if programs:
        calls |= NOT_FOR_PROGRAMS
    return sorted(one[column] for one in calls.values() if one[column] >= 0)


def apply(*, programs: bool = False) -> bool:
    """Install the filter for this process, for good. False: this system does not take it.

    Args:
        programs: it may start programs, which the same filter holds for.

    The kernel wants `no new privileges` first (landlock.give_up_new_privileges).
    """
    library = _library()
    if library is None or platform.machine() not in PROCESSORS:
        return False
    code = program(platform.machine(), os.getpid(), programs=programs)
    held = ctypes.create_string_buffer(code, len(code))
    filtering = Program(len(code) // INSTRUCTION.size, ctypes.cast(held, ctypes.c_void_p))
    return bool(library.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(filtering), 0, 0) == 0)


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))
