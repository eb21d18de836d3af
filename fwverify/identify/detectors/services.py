"""What starts with the system that should not: shells without login, services that do not encrypt, updates unasked.

inittab(5) of BusyBox and of sysvinit, inetd.conf(5), systemd.service(5), sshd_config(5); read 2026-11-23. Read from
start-up files alone. Does NOT know which run level is booted, whether a unit is enabled, or what a program starts by
itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.places import lies_at, lies_in
from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.model.plugin import Doc

MAX_LINE, OVERLAP = 2000, 400
"""Characters of a line that are looked at together: a longer one is looked at in parts, which overlap so much."""
SCRIPTS = ("etc/init.d", "etc/rc.d", "etc/rcS.d", "etc/rc2.d", "etc/rc3.d", "etc/rc5.d", "etc/rc.d/init.d")
SCRIPT_FILES = ("etc/rc", "etc/rcS", "etc/rc.local", "etc/init.d/rcS", "etc/inetd.conf", "etc/inittab")
UNITS = ("lib/systemd/system", "usr/lib/systemd/system", "etc/systemd/system", "etc/xinetd.d")
_CLEARTEXT = re.compile(
    r"(?:^|[\s/=;&\"'])(in\.telnetd|utelnetd|telnetd|in\.ftpd|vsftpd|proftpd|pure-ftpd|bftpd|ftpd|in\.tftpd|tftpd|"
    r"in\.rshd|rshd|rlogind|rexecd)(?=$|[\s;&\"'.])"
)
_SHELL = re.compile(r"^[^#:]*:[^:]*:(?:respawn|askfirst|sysinit|once|wait)?:-?/bin/(?:sh|ash|bash)\b")
_GETTY, _GETTY_SHELL = re.compile(r"\bgetty\b"), re.compile(r"\s-l\s*/bin/(?:sh|ash|bash)\b")
_EMPTY_PASSWORDS = re.compile(r"(?im)^[ \t]*PermitEmptyPasswords\s+yes\b")
_UPDATER = re.compile(
    r"(?:^|[\s/=;&])(mender-updated|mender\s+daemon|rauc-hawkbit-updater|"
    r"(?:opkg|apt-get|apk)\s+(?:-\S+\s+){0,5}upgrade\b)"
)
_SWUPDATE, _SWUPDATE_FETCHES = re.compile(r"(?:^|[\s/=;&])swupdate\b"), re.compile(r"(?:-u|--suricatta)\b")
"""Two expressions, one behind the other: together they would take the square of a hostile line's length."""


def find(subject: Subject) -> Iterator[Found]:
    if subject.text is None:
        return
    for kind, fingerprint, detail in _found(subject, subject.text):
        yield ContentObservation(kind, subject.artifact.locator, -1, fingerprint, detail)


def _found(subject: Subject, text: str) -> Iterator[tuple[ContentKind, str, str]]:
    artifact = subject.artifact
    if lies_at(artifact, "etc/ssh/sshd_config") and _EMPTY_PASSWORDS.search(text):
        yield ContentKind.DEBUG_SHELL, "empty-passwords", "SSH lets accounts without password in"
    starts = lies_at(artifact, *SCRIPT_FILES) or any(lies_in(artifact, one) for one in (*SCRIPTS, *UNITS))
    scheduled = lies_at(artifact, "etc/crontab", "etc/crontabs/root", "var/spool/cron/crontabs/root")
    if not starts and not scheduled:
        return
    told: set[tuple[ContentKind, str]] = set()
    inittab = lies_at(artifact, "etc/inittab")
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        parts = [line[start : start + MAX_LINE] for start in range(0, len(line) or 1, MAX_LINE - OVERLAP)]
        for kind, fingerprint, detail in (one for part in parts for one in _line(part, inittab=inittab)):
            if (kind, fingerprint) not in told:
                told.add((kind, fingerprint))
                yield kind, fingerprint, f"{detail}, line {number}"


def _line(line: str, *, inittab: bool) -> Iterator[tuple[ContentKind, str, str]]:
    if (inittab and _SHELL.search(line)) or _follows(_GETTY, _GETTY_SHELL, line):
        shown = quoted(line.strip().encode("utf-8", "replace"), 80)
        yield ContentKind.DEBUG_SHELL, "shell-without-login", f"a shell without login: {shown}"
    service = _CLEARTEXT.search(line)
    if service:
        yield ContentKind.SERVICE, service[1], f"starts {service[1]}, which does not encrypt by itself"
    updater = _UPDATER.search(line)
    what = updater[1] if updater else _follows(_SWUPDATE, _SWUPDATE_FETCHES, line)
    if what:
        shown = quoted(" ".join(what.split()).encode("utf-8", "replace"), 60)
        yield ContentKind.UPDATER, "unattended-update", f"updates by itself: {shown}"


def _follows(first: re.Pattern[str], second: re.Pattern[str], line: str) -> str:
    """From where the first is found to the end of the second behind it; empty where not both are there."""
    start = first.search(line)
    end = second.search(line, start.end()) if start else None
    return line[start.start() : end.end()].lstrip(" \t/=;&") if start and end else ""


DETECTOR = Detector(
    name="service",
    find=find,
    doc=Doc(
        title="Shells without login, services without encryption, updates unasked",
        references=("inittab(5), inetd.conf(5), systemd.service(5), sshd_config(5), read 2026-11-23",),
        limitations=(
            "What is installed and not enabled is told as well; what a program starts by itself is not.",
            "Names of services are those of common programs.",
        ),
    ),
)
