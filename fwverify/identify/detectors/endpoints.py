"""Where a device would connect to: addresses written whole as URLs, and servers named in configuration.

Uniform Resource Identifiers: RFC 3986 sections 3.1 and 3.2; registered schemes from the IANA registry; reserved names
and addresses: RFC 2606, RFC 6761, RFC 5737, RFC 3849, RFC 1918; read 2026-11-23. Programs quote many addresses they
never connect to (licences, XML name spaces, where to report bugs), so in anything but configuration a URL counts only
where it is a text of its own and its host is not one of those everybody quotes (endpoint_references.txt). Does NOT
find addresses put together at run time, and does not know whether one found is ever used.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.scan import places
from fwverify.model.evidence import NOT_ENCRYPTED, TOO_MANY, ContentKind, ContentObservation
from fwverify.model.plugin import Doc

CLEARTEXT = frozenset({"http", "ftp", "tftp", "telnet", "mqtt", "ws", "ldap", "amqp", "coap", "rtsp", "redis", "smtp"})
ENCRYPTED = frozenset({"https", "ftps", "sftp", "ssh", "mqtts", "wss", "ldaps", "amqps", "coaps", "rtsps", "rediss"})
MAX_ADDRESSES = 200
"""Of one artifact. A program with more is a list of addresses (a browser's, an ad blocker's)."""
BEFORE_BYTES, AFTER_BYTES = 8, 300
ANCHOR = (rb"://",)
_URL = re.compile(
    rb"(?<![A-Za-z0-9+.-])([a-z]{2,6})://(?:[^\s/?#\"'<>@\0]{1,64}@)?"
    rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{1,251})?[A-Za-z0-9])(?::(\d{1,5}))?(?=[/?#\s\"'<>,;)\0]|$)"
)
_NAME = r"['\"]?([a-z_.-]{0,64}(?:server|host|broker|remote|endpoint|peer)[a-z_.-]{0,64})['\"]?"
_HOST = r"['\"]?((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}|\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?['\"]?"
_SETTING = re.compile(
    rf"[ \t]*(?:option[ \t]+)?{_NAME}[ \t=:]{{1,8}}{_HOST}[ \t]*[;,]?(?:[ \t]+(?:iburst|prefer|burst).*)?",
    re.IGNORECASE,
)
MAX_LINE = 600
"""Characters of a line that are looked at: a name, the longest host there is, and some."""
LINE_BYTES = 1000
_COMMENT = re.compile(rb"^\s*(?:[#;*!]|//|--|<!--|/\*|%)|\s(?:#|//|/\*)")
_CONFIGURATION = re.compile(r"(?:^|/)etc/")
_DOCUMENTS = re.compile(
    r"(?:^|/)(?:doc|docs|man|info|licen[cs]es?|examples?|locale|sgml)/|\.(?:md|rst|html?|txt|po|mo|gz)$"
)
_MIN_LABELS = 2


def find(subject: Subject) -> Iterator[Found]:
    if _DOCUMENTS.search(subject.artifact.name.lower()):
        return
    configured = subject.text is not None and bool(_CONFIGURATION.search(subject.artifact.name))
    seen: dict[str, int] = {}
    for offset, address in (*_urls(subject, configured), *(_settings(subject.text or "") if configured else ())):
        seen.setdefault(address, offset)
        if len(seen) > MAX_ADDRESSES:
            many = f"more than {MAX_ADDRESSES} addresses"
            yield ContentObservation(ContentKind.ENDPOINT, subject.artifact.locator, offset, many, TOO_MANY)
            return  # one by one, a list says nothing of this device
    for address, offset in sorted(seen.items()):
        scheme = address.partition("://")[0]
        detail = NOT_ENCRYPTED if scheme in CLEARTEXT else "encrypted" if scheme in ENCRYPTED else "named as a server"
        yield ContentObservation(ContentKind.ENDPOINT, subject.artifact.locator, offset, address, detail)


def _urls(subject: Subject, configured: bool) -> Iterator[tuple[int, str]]:
    content = subject.artifact.content
    for end, _ in places(content, ANCHOR, subject.limits.max_scan_events):
        low = max(0, end - 3 - BEFORE_BYTES)
        window = bytes(content[low : end + AFTER_BYTES])
        found = next((one for one in _URL.finditer(window) if low + one.start() + len(one[1]) + 3 == end), None)
        if found is None:
            continue
        address, start = _address(found), low + found.start()
        alone = found.start() == 0 or window[found.start() - 1] == 0
        told = not _is_comment(content, start) if configured else alone and subject.text is None
        if address and told and not _everybody_quotes(found[2]):
            yield start, address


def _is_comment(content: memoryview, start: int) -> bool:
    """A comment's mark stands before it in its line."""
    before = bytes(content[max(0, start - LINE_BYTES) : start]).rpartition(b"\n")[2]
    return bool(_COMMENT.search(before))


def _address(found: re.Match[bytes]) -> str:
    """`scheme://host[:port]` in lower case; empty for what is no address to connect to."""
    scheme = found[1].decode()
    host = found[2].decode().strip("[]").lower()
    if scheme not in CLEARTEXT | ENCRYPTED or not _is_elsewhere(host):
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + (f":{int(found[3])}" if found[3] else "")


def _is_elsewhere(host: str) -> bool:
    """Another machine's name or address: not this one, not a network, not one reserved for documents."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        labels = host.split(".")
        reserved = labels[-1] in ("example", "invalid", "test", "localhost", "local") or labels[-2:-1] == ["example"]
        return len(labels) >= _MIN_LABELS and all(labels) and labels[-1].isalpha() and not reserved
    documents = address.version == 4 and host.startswith(("192.0.2.", "198.51.100.", "203.0.113."))
    return not (address.is_loopback or address.is_unspecified or address.is_multicast or documents)


@cache
def _references() -> frozenset[str]:
    text = resources.files("fwverify.identify").joinpath("endpoint_references.txt").read_text("ascii")
    return frozenset(one.strip() for one in text.splitlines() if one.strip() and not one.startswith("#"))


def _everybody_quotes(host: bytes) -> bool:
    """A host, or a parent of it, that programs name without connecting to it."""
    labels = host.decode().lower().split(".")
    return any(".".join(labels[at:]) in _references() for at in range(len(labels) - 1))


def _settings(text: str) -> Iterator[tuple[int, str]]:
    """`server time.vendor.com`, `broker=10.1.2.3:1883`."""
    for line in text.split("\n"):
        found = _SETTING.fullmatch(line[:MAX_LINE].rstrip("\r"))
        if found and _is_elsewhere(found[2].lower()):
            yield -1, found[2].lower() + (f":{int(found[3])}" if found[3] else "")


DETECTOR = Detector(
    name="endpoint",
    find=find,
    doc=Doc(
        title="Addresses a device would connect to",
        references=("RFC 3986, RFC 6761, IANA URI schemes, read 2026-11-23",),
        limitations=(
            "An address found need not be used; one put together at run time is not found.",
            "In programs, hosts that everybody quotes are left out (identify/endpoint_references.txt).",
        ),
    ),
)
