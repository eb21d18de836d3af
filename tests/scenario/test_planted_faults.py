"""Bills of materials with planted faults, of an image that is made here from real texts of thirty products.

The measure itself is `benchmarks.planted`; there anybody may give an image and its truth.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from benchmarks import planted
from fwverify.compare.interface import Inventory
from fwverify.identify import version_table
from fwverify.identify.version_table import Example

PRODUCTS = (
    "openssl", "json-c", "libfastjson", "dropbear", "dnsmasq", "zlib", "curl", "lighttpd", "mosquitto", "sqlite",
    "expat", "busybox", "bash", "chrony", "openvpn", "ppp", "nettle", "gnutls", "libssh2", "pcre2", "xz", "bzip2",
    "tcpdump", "iptables", "strongswan", "rsync", "readline", "util-linux", "avahi", "libmicrohttpd",
)  # fmt: skip
ROUNDS = 12
CODE = bytes((11 * one + one // 5) % 253 + 1 for one in range(600))
"""Looks like code: a program of texts alone is told to be hollow."""


def library(soname: str, text: bytes) -> bytes:
    """A 64-bit ELF shared object: one segment that holds everything, and a dynamic section with the SONAME."""
    names = b"\0" + soname.encode() + b"\0"
    at = 64 + 2 * 56
    dynamic = struct.pack("<QQQQQQQQ", 14, 1, 5, at + 64, 10, len(names), 0, 0) if soname else bytes(64)
    body = dynamic + names + CODE + b"\0" * 16 + text + b"\0" * 16
    head = b"\x7fELF\2\1\1" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 3, 183, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, at + len(body), at + len(body), 4096)
    table = struct.pack("<IIQQQQQQ", 2, 6, at, at, at, 64, 64, 8)
    return head + load + table + body


def example(product: str) -> Example:
    """A text in which the product was really seen."""
    text = resources.files("fwverify.identify.versions").joinpath(f"{product}.yaml").read_text("utf-8")
    return next(one for one in version_table.read(text).examples if one.version and not one.file)


@cache
def image(folder: Path) -> tuple[Path, Path]:
    """The image and the truth about it."""
    components, elfs, debs = [], [], []
    with tarfile.open(folder / "image.tar", "w") as archive:
        for product in PRODUCTS:
            seen = example(product)
            path = f"usr/lib/{seen.soname}" if seen.soname else f"usr/bin/{product}"
            content = library(seen.soname, b"\0" + product.encode() + b"\0" + seen.text)
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
            components.append({"product": product, "version": seen.version, "paths": [path]})
            debs.append({"package": product, "version": f"{seen.version}-3", "product": product})
            elfs.append({"path": path, "sha256": hashlib.sha256(content).hexdigest(), "product": product})
            for one in (debs[-1], elfs[-1]):
                one["upstream_version"] = seen.version
    truth = folder / "truth.json"
    truth.write_text(json.dumps({"components": components, "debs": debs, "elfs": elfs}), "utf-8")
    return folder / "image.tar", truth


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[planted.Known], Inventory]:
    """What is in the image, and what is seen in it."""
    made, truth = image(tmp_path_factory.mktemp("planted"))
    known = planted.truth(truth)
    return known, planted.examine(made, known)


def test_the_image(seen: tuple[list[planted.Known], Inventory]) -> None:
    """The measure is one of this image: its products are seen, and their bytes were looked at."""
    known, inventory = seen
    assert len(known) == len(PRODUCTS)
    assert {one.product for one in known} <= {one.name for one in inventory.components}
    assert sum(one.stated for one in known) >= 20


def test_planted(seen: tuple[list[planted.Known], Inventory]) -> None:
    """Every fault that the bytes can show is told, nothing is invented, and the true documents tell nothing."""
    known, inventory = seen
    score, standing = planted.rounds(known, inventory, ROUNDS)
    assert dict(standing) == {}
    assert score.invented == {}
    assert score.missed == {}
    assert sum(score.shows.values()) > ROUNDS * 15
    assert {"swapped twins", "twin's name", "left out", "patch level", "older", "hash", "not there"} <= set(score.told)


def test_a_blind_comparison_is_noticed(seen: tuple[list[planted.Known], Inventory]) -> None:
    """The measure itself can fail: where nothing was seen, what can be shown is missed."""
    known, inventory = seen
    blind = Inventory((), inventory.files, (), inventory.images)
    score, _ = planted.rounds(known, blind, 2)
    assert score.missed
    assert score.share < 0.7
