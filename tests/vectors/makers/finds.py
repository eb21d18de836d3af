"""Vectors of the detectors of addresses, access tokens and services. Every token is made from published words and opens
nothing; every address is reserved or belongs to nobody (`.invalid` and `.example` are left out by the detector, so the
invented vendor's are under a name that is not registered).
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from tests.vectors.makers.detectors import case

BY = "tests/vectors/makers/finds.py"


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    room = root / "detectors"
    _endpoints(room)
    _tokens(room)
    _services(room)


def _word(
    kind: str, size: int, alphabet: str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
) -> str:
    """Letters that depend on the name alone."""
    noise = b"".join(hashlib.sha256(f"{kind} {at}".encode()).digest() for at in range(8))
    return "".join(alphabet[one % len(alphabet)] for one in noise)[:size]


def _endpoints(room: Path) -> None:
    at, one = "endpoint", ("endpoint",)
    configuration = (
        "# see https://docs.acme-power.net/broker\nbroker = mqtt.acme-power.net:1883\n"
        "url = https://update.acme-power.net/api  # http://old.acme-power.net\nserver 10.1.2.3 iburst\n"
        "local = http://127.0.0.1:8080/\ndoc = http://www.example.com/\n"
    )
    case(
        room,
        f"{at}/valid/configuration",
        configuration.encode(),
        origin=BY,
        name="etc/acme/agent.conf",
        why="a broker, a URL and a time server; comments, this machine and reserved names are none",
        contents=one * 3,
    )
    program = b"\x80\x01\0https://api.acme-power.net:8443/v1\0connect to http://x.acme-power.net/ failed\0\x81"
    case(
        room,
        f"{at}/valid/program",
        program,
        origin=BY,
        name="usr/bin/agent",
        why="a text of its own counts, one inside a sentence does not",
        contents=one,
    )
    quoted = b"\x80\0http://www.w3.org/2000/svg\0https://www.gnu.org/licenses/\0\x81"
    case(room, f"{at}/invalid/quoted", quoted, origin=BY, name="usr/bin/xml", why="what everybody quotes", contents=())
    case(
        room,
        f"{at}/invalid/document",
        configuration.encode(),
        origin=BY,
        name="usr/share/doc/agent/agent.conf",
        why="a document",
        contents=(),
    )
    case(
        room, f"{at}/truncated/host", b"url=https://up", origin=BY, name="etc/a.conf", why="a host cut off", contents=()
    )
    long = b"server=" + b"server" * 50_00 + b"\nhttps://" + b"a" * 3000 + b"\nhttp://[::1\nhttps://:@/\n"
    case(room, f"{at}/hostile/long", long, origin=BY, name="etc/a.conf", why="long lines, broken hosts", contents=())
    many = b"".join(b"u%d = https://host%d.acme-power.net/\n" % (one, one) for one in range(300))
    case(room, f"{at}/hostile/list", many, origin=BY, name="etc/hosts.conf",
         why="a list of addresses is told as one thing", contents=("endpoint",))  # fmt: skip


def _tokens(room: Path) -> None:
    at = "token"
    github, aws = f"ghp_{_word('github', 36)}", f"AKIA{_word('aws', 16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}"
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()).decode().rstrip("=")
    body = base64.urlsafe_b64encode(json.dumps({"sub": "nobody"}).encode()).decode().rstrip("=")
    jwt = f"{head}.{body}.{_word('signature', 43)}"
    text = f"token={github}\naws={aws}\nauth: Bearer {jwt}\n"
    case(
        room,
        f"{at}/valid/three",
        text.encode(),
        origin=BY,
        name="etc/agent.conf",
        why="three issuers",
        contents=("token",) * 3,
    )
    key = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + hashlib.sha256(b"nobody").digest()).decode()
    keys = f'# support\nssh-ed25519 {key} support\nfrom="10.0.0.0/8" ssh-ed25519 {key} other\n'
    case(
        room,
        f"{at}/valid/authorized-keys",
        keys.encode(),
        origin=BY,
        name="root/.ssh/authorized_keys",
        why="two keys may log in as root",
        contents=("authorized-key", "authorized-key", "public-key"),
    )
    poor = f"ghp_{'x' * 36}\nAKIAXXXXXXXXXXXXXXXX\n{_word('run', 20)}{github}{_word('more', 20)}\neyJhbGci.eyJ.x\n"
    case(
        room,
        f"{at}/invalid/placeholders",
        poor.encode(),
        origin=BY,
        name="etc/agent.conf",
        why="placeholders, and a shape inside a longer run",
        contents=(),
    )
    case(room, f"{at}/truncated/token", github[:-1].encode(), origin=BY, why="one character short", contents=())
    case(room, f"{at}/hostile/many", b"eyJ" * 3000 + b" " + b"eyJ." * 500, origin=BY, why="anchors alone", contents=())


def _services(room: Path) -> None:
    at = "service"
    inittab = b"::sysinit:/etc/init.d/rcS\nttyS0::respawn:-/bin/sh\n"
    inittab += b"tty1::respawn:/sbin/getty 38400 tty1\n#::respawn:/bin/sh\n"
    case(
        room,
        f"{at}/valid/inittab",
        inittab,
        origin=BY,
        name="etc/inittab",
        why="a shell without login on the console",
        contents=("debug-shell",),
    )
    script = b"#!/bin/sh\n# telnetd is not started\nswupdate -u '-t default'\ntelnetd -l /bin/login &\n"
    case(
        room,
        f"{at}/valid/script",
        script,
        origin=BY,
        name="etc/init.d/S50services",
        why="a service without encryption, an updater",
        contents=("service", "updater"),
    )
    sshd = b"PermitRootLogin yes\nPermitEmptyPasswords yes\n"
    case(
        room,
        f"{at}/valid/sshd",
        sshd,
        origin=BY,
        name="etc/ssh/sshd_config",
        why="accounts without password",
        contents=("debug-shell",),
    )
    case(
        room,
        f"{at}/invalid/elsewhere",
        script,
        origin=BY,
        name="usr/share/doc/S50services",
        why="a document",
        contents=(),
    )
    safe = b"#PermitEmptyPasswords yes\nPermitEmptyPasswords no\n"
    case(room, f"{at}/invalid/sshd", safe, origin=BY, name="etc/ssh/sshd_config", why="the safe setting", contents=())
    case(room, f"{at}/truncated/line", inittab[:45], origin=BY, name="etc/inittab", why="a line cut off", contents=())
    long = b"getty -n " * 20_000 + b"\n" + b"telnetd-like " * 300 + b"\n"
    case(room, f"{at}/hostile/long", long, origin=BY, name="etc/inittab", why="long lines, near misses", contents=())
