"""Accounts anyone can enter: empty, weak or well-known passwords, and more than one super-user.

shadow(5), passwd(5), crypt(5); read 2026-11-22. Well-known passwords are tried only against schemes that can be
computed in milliseconds, and against few accounts. The hash itself is never kept. Does NOT read passwords in other
configuration files or in programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.places import lies_at
from fwverify.identify.unix_crypt import matches
from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

SHADOW = ("etc/shadow", "etc/shadow-")
PASSWD = ("etc/passwd", "etc/passwd-")
WELL_KNOWN = (
    "", "root", "admin", "password", "1234", "12345", "123456", "12345678", "toor", "default", "changeme", "user",
    "guest", "service", "support", "system", "0penBmc", "dietpi", "raspberry", "openwrt", "alpine", "pass",
)  # fmt: skip
"""Passwords that images are shipped with and that every attacker's list begins with."""
MAX_TRIED = 12
"""Accounts whose hash is tried; more than that is not an appliance. One sha512crypt try takes 10 ms."""
_DESCRYPT = re.compile(r"[./0-9A-Za-z]{13}")
_BSDICRYPT = re.compile(r"_[./0-9A-Za-z]{19}")


def find(subject: Subject) -> Iterator[Found]:
    shadow = lies_at(subject.artifact, *SHADOW)
    if not (shadow or lies_at(subject.artifact, *PASSWD)) or subject.artifact.size == 0:
        return
    if subject.text is None:
        raise Malformed("shadow" if shadow else "passwd", "is not text")
    tried = 0
    for line in subject.text.splitlines():
        fields = line.split(":")
        if len(fields) < 2 or line.startswith("#"):
            continue
        name, stored = quoted(fields[0].encode("utf-8", "replace"), 60), fields[1]
        if not shadow and len(fields) > 2 and fields[2].strip("0") == "" and fields[2] and name != "root":
            yield _seen(subject, "extra-uid-0", f"account {name} has uid 0")
        tried += stored.startswith("$")
        for reason, detail in _reasons(fields[0], stored, try_known=tried <= MAX_TRIED):
            yield _seen(subject, reason, f"account {name}: {detail}")


def _seen(subject: Subject, reason: str, detail: str) -> ContentObservation:
    return ContentObservation(ContentKind.PASSWORD, subject.artifact.locator, -1, reason, detail)


def _reasons(account: str, stored: str, *, try_known: bool) -> Iterator[tuple[str, str]]:
    if stored == "":
        yield "empty", "no password"
    elif _DESCRYPT.fullmatch(stored) or _BSDICRYPT.fullmatch(stored):
        yield "weak-scheme", "password stored with DES crypt"
    elif stored.startswith("$1$"):
        yield "weak-scheme", "password stored with MD5 crypt"
    if try_known and stored.startswith("$"):
        known = next((one for one in dict.fromkeys((account, *WELL_KNOWN)) if matches(stored, one)), None)
        if known is not None:
            yield "default", "a well-known password" if known else "the empty password"


DETECTOR = Detector(
    name="password",
    find=find,
    doc=Doc(
        title="Default, empty and weak passwords",
        references=("shadow(5), passwd(5), crypt(5), read 2026-11-22",),
        limitations=(
            "Well-known passwords are tried for MD5, SHA-256 and SHA-512 crypt only.",
            "Passwords in other files and in programs are not found.",
        ),
    ),
)
