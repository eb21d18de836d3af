"""Vectors of the firmware containers, built byte by byte from the specifications; deterministic, no tools needed.

The builders are used by the unit tests too. They are deliberately another implementation than the readers.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import struct
import zlib
from pathlib import Path
from typing import Any

ORIGIN = "tests/vectors/makers/firmware.py"
PAYLOAD = b"kernel of the vectors, not a real one\n" * 8
ROOTFS = bytes(range(256)) * 3
TREE = dict[str, Any]
"""Property name -> bytes, str or int; node name -> TREE."""


def padded(data: bytes, to: int = 4, fill: bytes = b"\0") -> bytes:
    return data + fill * (-len(data) % to)


class Strings:
    """A strings block, each name once."""

    def __init__(self) -> None:
        self.data = b""
        self.at: dict[str, int] = {}

    def offset(self, name: str) -> int:
        if name not in self.at:
            self.at[name] = len(self.data)
            self.data += name.encode() + b"\0"
        return self.at[name]


def node(name: str, tree: TREE, strings: Strings) -> bytes:
    out = struct.pack(">I", 1) + padded(name.encode() + b"\0")
    for key, value in tree.items():
        if isinstance(value, dict):
            out += node(key.partition("\0")[0], value, strings)
        else:
            raw = encoded(value)
            out += struct.pack(">III", 3, len(raw), strings.offset(key)) + padded(raw)
    return out + struct.pack(">I", 2)


def encoded(value: object) -> bytes:
    if isinstance(value, int):
        return struct.pack(">I", value)
    return value.encode() + b"\0" if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]


def fdt(tree: TREE, *, version: int = 17, pad: int = 0, strings_tail: bytes = b"") -> bytes:
    """A flattened device tree. Names may carry "\\0n" behind them to have one name twice."""
    strings = Strings()
    structure = node("", tree, strings) + struct.pack(">I", 9)
    names = strings.data + strings_tail
    at = 56
    total = at + len(structure) + len(names) + pad
    header = struct.pack(
        ">10I", 0xD00DFEED, total, at, at + len(structure), 40, version, 16, 0, len(names), len(structure)
    )
    return header + bytes(16) + structure + names + bytes(pad)


def digest_node(data: bytes, algorithm: str, *, wrong: bool = False) -> TREE:
    crc = struct.pack(">I", zlib.crc32(data))
    value = crc if algorithm == "crc32" else hashlib.new(algorithm, data).digest()
    return {"algo": algorithm, "value": bytes([value[0] ^ wrong]) + value[1:]}


def image(data: bytes, *algorithms: str, wrong: str = "", **more: Any) -> TREE:
    out: TREE = {"description": "image", "data": data, "type": "kernel", "arch": "arm", "os": "linux"}
    out |= {"compression": "none", "load": 0x80008000, **more}
    for index, one in enumerate(algorithms, 1):
        out[f"hash-{index}"] = digest_node(data, one, wrong=one == wrong)
    return out


def fit(images: TREE, default: str = "conf-1", **more: Any) -> bytes:
    names = [one.partition("\0")[0] for one in images]
    conf = {"kernel": names[0], "loadables": "\0".join(names[1:]) or names[0]}
    tree = {"description": "vectors", "images": images, "configurations": {"default": default, "conf-1": conf}}
    return fdt(tree, **more)


def external(parts: list[tuple[str, bytes]], *, position: bool = False) -> bytes:
    """A FIT whose data lies behind the tree."""
    images: TREE = {}
    offset = 0
    for name, data in parts:
        one = image(data, "sha256")
        del one["data"]
        images[name] = {"data-position" if position else "data-offset": offset, "data-size": len(data), **one}
        offset += len(padded(data))
    tree = fit(images)
    tree = fit(images, pad=-len(tree) % 4)
    if position:
        for one in images.values():
            one["data-position"] += len(tree)
        tree = fit(images, pad=-len(fit(images)) % 4)
    return tree + b"".join(padded(data) for _, data in parts)


def uimage(data: bytes, kind: int = 2, name: bytes = b"vectors", size: int | None = None) -> bytes:
    length = len(data) if size is None else size
    fields = (0x27051956, 0, 0x6A000000, length, 0x80008000, 0x80008040, zlib.crc32(data))
    head = struct.pack(">7I4B32s", *fields, 5, 2, kind, 0, name)
    return head[:4] + struct.pack(">I", zlib.crc32(head)) + head[8:] + data


def multi(*files: bytes) -> bytes:
    """Data of a multi-file image or script."""
    table = b"".join(struct.pack(">I", len(one)) for one in files) + bytes(4)
    return table + b"".join(padded(one) for one in files[:-1]) + files[-1]


def hex_record(kind: int, address: int, data: bytes) -> str:
    raw = bytes([len(data)]) + struct.pack(">H", address & 0xFFFF) + bytes([kind]) + data
    return f":{raw.hex().upper()}{-sum(raw) & 0xFF:02X}\n"


def hex_text(regions: dict[int, bytes], entry: int | None = None, end: bool = True) -> str:
    out, upper = "", 0
    for start, data in regions.items():
        for at in range(0, len(data), 16):
            address = start + at
            if address >> 16 != upper:
                upper = address >> 16
                out += hex_record(4, 0, struct.pack(">H", upper))
            out += hex_record(0, address, data[at : at + 16])
    if entry is not None:
        out += hex_record(5, 0, struct.pack(">I", entry))
    return out + (hex_record(1, 0, b"") if end else "")


def s_record(kind: int, address: bytes, data: bytes) -> str:
    raw = bytes([len(address) + len(data) + 1]) + address + data
    return f"S{kind}{raw.hex().upper()}{~sum(raw) & 0xFF:02X}\r\n"


def srec_text(regions: dict[int, bytes], count: int | None = None, end: bool = True) -> str:
    out, records = s_record(0, b"\0\0", b"vectors"), 0
    for start, data in regions.items():
        for at in range(0, len(data), 16):
            out += s_record(3, struct.pack(">I", start + at), data[at : at + 16])
            records += 1
    out += s_record(5, struct.pack(">H", records if count is None else count), b"")
    return out + (s_record(7, struct.pack(">I", 0x08000100), b"") if end else "")


def cortex_m(load: int = 0x08000000, functions: int = 24, interrupts: int = 20, pointers: bool = True) -> bytes:
    """A program with a vector table, functions that begin with push {.., lr}, and a table of pointers to them."""
    table = 4 * (16 + interrupts)
    code = b"\xfe\xe7" + b"".join(
        struct.pack("<HHHH", 0xB510, 0x2000 + index, 0x3001, 0xBD10) + b"\x00\xbf" * (index % 5)
        for index in range(functions)
    )
    starts = [at for at in range(2, len(code), 2) if code[at : at + 2] == b"\x10\xb5"]
    default = load + table | 1
    reset = load + table + starts[0] | 1
    words = [0x20004000, reset, *[default] * 5, 0, 0, 0, 0, default, default, 0, default, default]
    words += [default] * interrupts
    body = padded(struct.pack(f"<{len(words)}I", *words) + code)
    if pointers:
        body += b"".join(struct.pack("<I", load + table + one | 1) for one in starts)
    return body + padded(b"vectors 1.2.3\0")


def esp(segments: list[tuple[int, bytes]], *, chip: int = 5, appended: bool = True, entry: int = 0x40380000) -> bytes:
    head = struct.pack("<BBBBI", 0xE9, len(segments), 2, 0x20, entry)
    head += struct.pack("<B3sHBHH4sB", 0xEE, bytes(3), chip, 0, 0, 0xFFFF, bytes(4), appended)
    checksum = 0xEF
    for address, data in segments:
        head += struct.pack("<II", address, len(data)) + data
        for one in data:
            checksum ^= one
    head += bytes(15 - len(head) % 16) + bytes([checksum])
    return head + (hashlib.sha256(head).digest() if appended else b"")


def description(version: str = "1.4.2", project: str = "vectors") -> bytes:
    head = struct.pack("<II8s", 0xABCD5432, 3, bytes(8))
    texts = ((version, 32), (project, 32), ("12:00:00", 16), ("Oct  3 2026", 16), ("v5.3.1", 32))
    return (head + b"".join(text.encode().ljust(size, b"\0") for text, size in texts)).ljust(256, b"\0")


def esp_app(**more: Any) -> bytes:
    return esp([(0x3C000020, description() + b"text of the app\0"), (0x40380000, ROOTFS)], **more)


def environment(size: int = 0x400, flags: bytes = b"", fill: bytes = b"\0") -> bytes:
    text = b"bootcmd=bootm 0x9f080000\0bootdelay=1\0baudrate=115200\0ver=2026.10\0\0"
    body = text.ljust(size - 4 - len(flags), fill)
    return struct.pack("<I", zlib.crc32(body)) + flags + body


def squashfs_superblock(used: int) -> bytes:
    head = struct.pack("<4sIIIIHHHHHH", b"hsqs", 3, 0x6A000000, 131072, 0, 4, 17, 0, 1, 4, 0)
    return head + struct.pack("<8Q", 0x60, used, used - 16, 2**64 - 1, 100, 140, 2**64 - 1, 2**64 - 1)


def squashfs(used: int = 600) -> bytes:
    """A superblock with fields that can be and bytes behind it: for carving, not for reading."""
    head = squashfs_superblock(used)
    return head + bytes(1 + one % 250 for one in range(used - 96))


def flash() -> bytes:
    """A dump: code, environment, uImage, FIT, xz, fill."""
    boot = bytes((7 * one + one // 3) % 251 for one in range(700))
    dump = boot.ljust(0x1000, b"\xff") + environment().ljust(0x800, b"\xff")
    dump += uimage(PAYLOAD).ljust(0x400, b"\xff") + fit({"kernel": image(PAYLOAD, "sha256")}).ljust(0x600, b"\xff")
    return dump + lzma.compress(PAYLOAD).ljust(0x200, b"\xff") + b"the end of the dump, unexplained" + b"\xff" * 200


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def members(**named: bytes) -> dict[str, str]:
    return {name: sha(data) for name, data in named.items()}


class Writer:
    """Writes cases of one plug-in."""

    def __init__(self, root: Path, plugin: str, origin: str = ORIGIN) -> None:
        self.folder, self.origin = root / "containers" / plugin, origin

    def case(self, kind: str, name: str, data: bytes | str, why: str, **expect: Any) -> None:
        folder = self.folder / kind / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "input").write_bytes(data.encode() if isinstance(data, str) else data)
        lines = [f"origin = {json.dumps(self.origin)}", f"why = {json.dumps(why)}", "", "[expect]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in expect.items() if key != "members"]
        if "members" in expect:
            lines += ["[expect.members]"]
            lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in expect["members"].items()]
        (folder / "vector.toml").write_text("\n".join(lines) + "\n")


def make_fit(root: Path) -> None:
    case = Writer(root, "fit_image").case
    two = {"kernel": image(PAYLOAD, "crc32", "md5", "sha1"), "rootfs": image(ROOTFS, "sha256", "sha384", "sha512")}
    both = members(kernel=PAYLOAD, rootfs=ROOTFS)
    good = fit(two)
    case("valid", "inline", good, "inline data, six digest algorithms", members=both, anomalies=[])
    parts = [("kernel", PAYLOAD), ("rootfs", ROOTFS)]
    case("valid", "external-offset", external(parts), "data-offset", members=both, anomalies=[])
    case("valid", "external-position", external(parts, position=True), "data-position", members=both, anomalies=[])
    case("valid", "padded", fit(two, pad=200) + b"\xff" * 64, "fill inside and behind", members=both, anomalies=[])
    wrong = fit({"kernel": image(PAYLOAD, "sha256", "sha1", wrong="sha1")})
    case("invalid", "wrong-digest", wrong, "one digest does not hold", checks_fail=["kernel/hash-2"])
    flipped = good.replace(PAYLOAD[:16], PAYLOAD[:15] + b"X")
    failing = ["kernel/hash-1", "kernel/hash-2", "kernel/hash-3"]
    case("invalid", "flipped-payload", flipped, "every digest notices", checks_fail=failing)
    odd = fit({"kernel": image(PAYLOAD) | {"hash-1": {"algo": "whirlpool", "value": bytes(64)}}})
    case("invalid", "unknown-algorithm", odd, "a digest nobody computes", gap="unsupported")
    case("invalid", "no-data", fit({"kernel": {"type": "kernel"}}), "an image without data", gap="malformed")
    ciphered = fit({"kernel": image(PAYLOAD, "sha256") | {"cipher": {"algo": "aes256", "key-name-hint": "k"}}})
    case("invalid", "encrypted", ciphered, "a cipher node", gap="encrypted")
    case("invalid", "appended", good + b"appended by somebody", "bytes behind the tree", anomalies=["trailing-data"])
    case("truncated", "half", good[: len(good) // 2], "half of it", gap="malformed")
    case("truncated", "external", external(parts)[:-400], "external data cut off", gap="malformed")
    make_hostile_fit(case)


def make_hostile_fit(case: Any) -> None:
    share = {"data-position": 56, "data-size": 64}
    inside = fit({"kernel": image(PAYLOAD), "evil": {"type": "kernel", **share}})
    case("hostile", "data-in-tree", inside, "external data inside the tree", anomalies=["overlapping-parts"])
    far = fit({"kernel": {"data-offset": 0xFFFFFFF0, "data-size": 0xFFFFFFFF}})
    case("hostile", "far-data", far, "offset and size beyond everything", gap="malformed", members={})
    stated = fit({"kernel": image(PAYLOAD) | share})
    anomalies = ["headers-disagree", "overlapping-parts"]
    case("hostile", "two-data", stated, "inline and external data at once", anomalies=anomalies)
    unit = fit({"kernel": image(PAYLOAD), "kernel@1": image(ROOTFS)})
    case("hostile", "unit-address", unit, "two images answer to one name", anomalies=["name-collision"])
    missing = fit({"kernel": image(PAYLOAD, "sha256")}).replace(b"loadables\0", b"loadablez\0", 1)
    hidden = fit({"kernel": image(PAYLOAD), "note": {"data": b"x", "blob": ROOTFS * 8}})
    case("hostile", "large-property", hidden, "content in an unknown property stays unexplained", anomalies=[])
    deep: TREE = {}
    for _ in range(40):
        deep = {"n": deep}
    case("hostile", "deep", fdt({"images": deep}), "40 nodes deep", gap="limit")
    late = fdt({"images": {"kernel": {"data": b"abcd"}}, "x": {"y": {}, "late": b"1234"}})
    case("hostile", "property-after-subnode", late, "common readers do not see it", gap="malformed")
    case("hostile", "bad-name", missing[:-1] + b"x", "the last property name has no end", gap="malformed")


def make_tree(root: Path) -> None:
    case = Writer(root, "device_tree").case
    tree = {"model": "Vector board", "compatible": "vectors,board", "memory@0": {"reg": bytes(8)}}
    good = fdt(tree)
    case("valid", "board", good, "a small board", members={}, anomalies=[])
    case("valid", "padded", fdt(tree, pad=64) + bytes(100), "fill inside and behind", members={}, anomalies=[])
    case("invalid", "appended", good + b"more", "bytes behind the tree", anomalies=["trailing-data"])
    case("truncated", "half", good[: len(good) // 2], "half of it", gap="malformed")
    future = good[:20] + struct.pack(">II", 32, 18) + good[28:]
    case("hostile", "future", future, "a version that is not compatible with 17", gap="unsupported")
    strings = good[:12] + struct.pack(">I", 0xFFFFFFF0) + good[16:]
    case("hostile", "strings-outside", strings, "strings block outside the tree", gap="malformed")
    overlap = good[:12] + struct.pack(">I", 56) + good[16:]
    case("hostile", "overlap", overlap, "strings block over the structure", anomalies=["overlapping-parts"])


def make_uimage(root: Path) -> None:
    case = Writer(root, "uimage").case
    good = uimage(PAYLOAD)
    case("valid", "kernel", good, "one payload", members=members(vectors=PAYLOAD), anomalies=[])
    case("valid", "no-name", uimage(PAYLOAD, name=b""), "no image name", members=members(payload=PAYLOAD))
    both = {"vectors-0": sha(PAYLOAD[:-3]), "vectors-1": sha(ROOTFS)}
    case("valid", "multi", uimage(multi(PAYLOAD[:-3], ROOTFS), 4), "two files, the first padded", members=both)
    script = b"echo booting\nbootm 0x9f080000\n"
    case("valid", "script", uimage(multi(script), 6), "a script", members=members(vectors=script), anomalies=[])
    case("invalid", "data-crc", good[:-1] + b"X", "last payload byte changed", checks_fail=["data"])
    case("invalid", "header-crc", good[:16] + b"\1" + good[17:], "load address changed", checks_fail=["header"])
    case("invalid", "appended", good + b"appended", "bytes behind the data", anomalies=["trailing-data"])
    case("truncated", "payload", good[:100], "payload cut off", gap="malformed")
    table = uimage(struct.pack(">I", 0xFFFFFFF0) + bytes(4) + b"abc", 4)
    case("hostile", "table", table, "the size table names 4 GiB", gap="malformed")
    case("hostile", "endless-table", uimage(b"\0\0\0\1" * 400, 4), "a size table without end", gap="malformed")
    case("hostile", "empty", uimage(b""), "no data at all", gap="malformed")
    escape = uimage(PAYLOAD, name=b"\x1b[31m../../etc")
    case("hostile", "name", escape, "a name with a terminal escape", members={"\\x1b[31m../../etc": sha(PAYLOAD)})


def make_records(root: Path) -> None:
    regions = {0x08000000: ROOTFS[:100], 0x0800FFF8: ROOTFS[:40], 0x20000000: b"data"}
    named = {"08000000": sha(ROOTFS[:100]), "0800fff8": sha(ROOTFS[:40]), "20000000": sha(b"data")}
    case = Writer(root, "intel_hex_image").case
    good = hex_text(regions, entry=0x08000101)
    case("valid", "regions", good, "three regions, one across 64 KiB", members=named, anomalies=[])
    segment = hex_record(2, 0, b"\x10\x00") + hex_record(0, 0x10, b"abcd") + hex_record(3, 0, bytes(4))
    case("valid", "segment", segment + hex_record(1, 0, b""), "segment addresses", members={"00010010": sha(b"abcd")})
    case("valid", "dos", good.replace("\n", "\r\n") + "\x1a", "CR LF and a DOS end mark", members=named, anomalies=[])
    bad = good.replace(":10000000", ":10000001", 1)
    case("invalid", "checksum", bad, "address changed, checksum not", checks_fail=["record checksums"], gap="malformed")
    case(
        "invalid",
        "no-end",
        hex_text(regions, end=False),
        "no end record",
        anomalies=["headers-disagree"],
        gap="malformed",
    )
    case("invalid", "after-end", good + "more text\n", "text after the end", anomalies=["trailing-data"])
    case("invalid", "vendor-type", hex_record(0, 0, b"abcd") + hex_record(10, 0, b"\0\0"), "type 0A", gap="unsupported")
    case("truncated", "in-line", good[:200], "cut off in a line", gap="malformed")
    twice = hex_record(0, 0, b"abcd") + hex_record(0, 2, b"XYZ") + hex_record(1, 0, b"")
    later = {"00000000": sha(b"abXYZ")}
    case("hostile", "overlap", twice, "two records differ", anomalies=["overlapping-parts"], members=later)
    wrap = hex_record(4, 0, b"\xff\xff") + hex_record(0, 0xFFFE, b"abcd")
    case("hostile", "wrap", wrap, "data across 4 GiB", gap="malformed")
    case("hostile", "long-line", ":" + "00" * 5 + "\n:" + "0" * 5000, "a long line that is no record", gap="malformed")
    make_srec(Writer(root, "srec_image").case, regions, named)


def make_srec(case: Any, regions: dict[int, bytes], named: dict[str, str]) -> None:
    good = srec_text(regions)
    case("valid", "regions", good, "three regions, S3 and S7", members=named, anomalies=[])
    short = s_record(1, b"\x10\x00", b"abcd") + s_record(2, b"\1\0\0", b"efgh") + s_record(9, b"\x10\0", b"")
    case("valid", "short", short, "S1, S2, S9", members={"00001000": sha(b"abcd"), "00010000": sha(b"efgh")})
    bad = good.replace("S31508000000", "S31508000001", 1)
    case("invalid", "checksum", bad, "address changed, checksum not", checks_fail=["record checksums"], gap="malformed")
    case("invalid", "count", srec_text(regions, count=3), "count record disagrees", anomalies=["headers-disagree"])
    case("invalid", "no-end", srec_text(regions, end=False), "no end", anomalies=["headers-disagree"], gap="malformed")
    case("invalid", "after-end", good + "S0\n", "text after the end", anomalies=["trailing-data"])
    case("truncated", "in-line", good[:150], "cut off in a line", gap="malformed")
    case("hostile", "reserved", s_record(0, b"\0\0", b"") + "S4" + "0" * 10, "S4 is reserved", gap="unsupported")
    twice = s_record(1, b"\0\0", b"abcd") + s_record(1, b"\0\2", b"XY") + s_record(9, b"\0\0", b"")
    case("hostile", "overlap", twice, "two records differ", anomalies=["overlapping-parts"])


def make_cortex_m(root: Path) -> None:
    case = Writer(root, "cortex_m_image").case
    case("valid", "flash", cortex_m(), "at the base of flash", members={}, anomalies=[])
    case("valid", "behind-boot-loader", cortex_m(0x08004000), "at 08004000", members={}, anomalies=[])
    case("valid", "no-pointers", cortex_m(0, pointers=False), "at zero, nothing to confirm it", members={})
    good = cortex_m()
    even = good[:4] + bytes([good[4] & 0xFE]) + good[5:]
    case("invalid", "arm-reset", even, "reset vector without thumb bit", gap="malformed")
    stack = good[:3] + b"\x80" + good[4:]
    case("invalid", "stack", stack, "stack pointer outside RAM", gap="malformed")
    case("truncated", "table", good[:60], "cut off in the vector table", gap="malformed")
    case("truncated", "handlers", good[:100], "handlers lie behind the end", gap="malformed")
    spread = good[:44] + b"\xff\xff\xff\xff" + good[48:]
    case("hostile", "far-handler", spread, "a handler at the top of memory", gap="malformed")


def make_esp(root: Path) -> None:
    case = Writer(root, "esp_app_image").case
    named = {"3c000020": sha(description() + b"text of the app\0"), "40380000": sha(ROOTFS)}
    good = esp_app()
    case("valid", "app", good, "two segments, checksum and SHA-256", members=named, anomalies=[])
    case("valid", "no-hash", esp_app(appended=False), "no appended SHA-256", members=named, anomalies=[])
    case("valid", "padded", good.ljust(4096, b"\xff"), "filled up to a sector", members=named, anomalies=[])
    same = esp([(0x40380000, b"a" * 20), (0, bytes(24)), (0x40380000, b"b" * 20)], chip=0)
    twice = {"40380000": sha(b"a" * 20), "40380000@0x5c": sha(b"b" * 20)}
    case("valid", "fill-segment", same, "a fill segment, one address twice", members=twice, anomalies=[])
    signed = good.ljust(4096, b"\xff") + (b"\xe7\x02\0\0" + ROOTFS).ljust(1216, b"\1")
    case("invalid", "signature-sector", signed, "not judged here", anomalies=["trailing-data"], members=named)
    flip = good.replace(b"text of", b"Text of")
    case("invalid", "flipped", flip, "a data byte changed", checks_fail=["appended SHA-256", "checksum"])
    case("truncated", "segment", good[:400], "cut off in a segment", gap="malformed")
    case("truncated", "hash", good[:-8], "cut off in the SHA-256", gap="malformed")
    long = good[:28] + struct.pack("<I", 0xFFFFFFF0) + good[32:]
    case("hostile", "long-segment", long, "a segment of 4 GiB", gap="malformed")
    case("hostile", "no-segments", good[:1] + b"\0" + good[2:], "no segments", gap="malformed")


def make_flash(root: Path) -> None:
    case = Writer(root, "flash_dump").case
    dump = flash()
    named = {
        "@0x1000": sha(environment()),
        "@0x1800": sha(uimage(PAYLOAD)),
        "@0x1c00": sha(fit({"kernel": image(PAYLOAD, "sha256")})),
        "@0x2200": sha(lzma.compress(PAYLOAD)),
    }
    case("valid", "dump", dump, "code, environment, uImage, FIT, xz, fill", members=named, anomalies=[])
    code = bytes((7 * one + one // 3) % 251 for one in range(512))
    packed = gzip.compress(PAYLOAD, mtime=0)
    small = {"@0x200": sha(packed), "@0x800": sha(squashfs().ljust(4096, b"\0"))}
    other = (code + packed).ljust(0x800, b"\0") + squashfs().ljust(4096, b"\0") + code
    case("valid", "kernel-and-rootfs", other, "gzip and a SquashFS superblock", members=small, anomalies=[])
    redundant = (code + environment(flags=b"\1")).ljust(0x1000, b"\xff") + esp_app() + code
    named = {"@0x200": sha(environment(flags=b"\1")), "@0x1000": sha(esp_app())}
    case("valid", "esp-sector", redundant, "redundant environment, ESP32 image at a sector", members=named)
    broken = dump.replace(uimage(PAYLOAD)[:8], b"\x27\x05\x19\x56\0\0\0\0")
    rest = {name: one for name, one in make_flash_names(dump).items() if name != "@0x1800"}
    case("invalid", "uimage-crc", broken, "header CRC wrong: not carved", members=rest)
    case("truncated", "in-fit", dump[:0x1D00], "cut off in the FIT: not carved", anomalies=[])
    magics = b"".join(one * 40 for one in (b"\xd0\x0d\xfe\xed", b"hsqs", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"070701"))
    case("hostile", "magics", b"\0" + magics * 4, "magics without anything behind them", members={}, anomalies=[])
    program = elf()
    inside = {"@0x200": sha(program), f"@0x{0x200 + len(program) + 300:x}": sha(tiny_pe())}
    slack = code + program + b"\xff" * 300 + tiny_pe() + code
    case("valid", "executables", slack, "an ELF and a PE file between other bytes", members=inside, anomalies=[])
    cut = code + program[:-1]
    case("truncated", "elf", cut, "an ELF file without its last byte: not carved", members={}, anomalies=[])
    nested = uimage(uimage(PAYLOAD))
    case("hostile", "nested", code + nested, "one inside the other is one", members={"@0x200": sha(nested)})


def make_environment(root: Path) -> None:
    case = Writer(root, "uboot_environment").case
    text = b"bootcmd=bootm 0x9f080000\nbootdelay=1\nbaudrate=115200\nver=2026.10\n"
    named = {"u-boot-env": sha(text)}
    case("valid", "plain", environment(), "zeros behind the variables", members=named, anomalies=[])
    case("valid", "redundant", environment(0x2000, b"\1", b"\xff"), "with a flag", members=named, anomalies=[])
    big = environment()
    big = big[:4][::-1] + big[4:]
    case("valid", "big-endian", big, "the CRC as a big-endian board writes it", members=named, anomalies=[])
    odd = environment(0x3F4)
    case("valid", "odd-size", odd, "a size that only the end of the bytes tells", members=named, anomalies=[])
    erased = environment().ljust(0x1000, b"\xff")
    case("valid", "partition", erased, "erased flash behind it", members=named, anomalies=[])
    twice = environment() + b"in the partition's slack"
    case("invalid", "slack", twice, "bytes behind it", members=named, anomalies=["trailing-data"])
    hidden = bytearray(environment())
    hidden[200:240] = b"a text in the free space, under the CRC!"
    hidden[:4] = struct.pack("<I", zlib.crc32(hidden[4:]))
    case("hostile", "free-space", bytes(hidden), "the free space holds something", members=named, anomalies=[])
    flip = bytearray(environment())
    flip[20] ^= 1
    case("invalid", "crc", bytes(flip), "no CRC fits", gap="malformed")
    case("truncated", "variables", environment()[:30], "cut off in the variables", gap="malformed")


def elf(code: bytes = b"", *, tail: bytes = b"", gap: bytes = b"") -> bytes:
    """A 64-bit ELF program: header, one program header, code; no sections.

    Args:
        gap: bytes between the headers and the code that no segment has.
        tail: bytes behind it.
    """
    code = code or bytes((11 * one + one // 5) % 253 + 1 for one in range(200))
    at = 64 + 56 + len(gap)
    head = (
        b"\x7fELF\2\1\1"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, 0x400000 + at, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    )
    load = struct.pack("<IIQQQQQQ", 1, 5, at, 0x400000 + at, 0x400000 + at, len(code), len(code), 4096)
    return head + load + gap + code + tail


def tiny_pe(*, gap: bytes = b"", tail: bytes = b"") -> bytes:
    """A PE32+ file of one section that nobody runs."""
    optional = struct.pack("<HBBIIIII", 0x20B, 2, 0, 512, 0, 0, 0x1000, 0x1000)
    optional += struct.pack("<QII", 0, 0x1000, 512) + bytes(16) + struct.pack("<IIIHH", 0x2000, 512, 0, 10, 0)
    optional += struct.pack("<QQQQII", 0, 0, 0, 0, 0, 16) + bytes(128)
    head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0xAA64, 1, 0, 0, 0, len(optional), 0x222E) + optional
    head += struct.pack("<8sIIIIIIHHI", b".text", 512, 0x1000, 512, 512 + len(gap), 0, 0, 0, 0, 0x60000020)
    return head.ljust(512, b"\0") + gap + bytes((13 * one + 5) % 251 for one in range(512)) + tail


def make_overlay(root: Path) -> None:
    case = Writer(root, "executable_overlay").case
    payload = b"a payload behind a program, which no loader reads\n" * 2
    case("valid", "appended", elf(tail=payload), "behind an ELF file", members={"input": sha(elf())},
         anomalies=["trailing-data"])  # fmt: skip
    behind = tiny_pe(tail=payload)
    case("valid", "pe", behind, "behind a PE file", members={"input": sha(tiny_pe())}, anomalies=["trailing-data"])
    hole = elf(gap=payload)
    named = {"input": sha(hole)}
    case("valid", "hole", hole, "between headers and code: the program as it is, and the hole", members=named,
         anomalies=["trailing-data"])  # fmt: skip
    both = tiny_pe(gap=payload.ljust(512, b"\0"), tail=payload)
    case("hostile", "two", both, "a hole and appended bytes", members={"input": sha(both)}, anomalies=["trailing-data"])
    case("invalid", "clean", elf(), "nothing to take apart", members={}, gap="malformed")
    case("truncated", "headers", elf()[:100], "cut off in the program header", members={}, gap="malformed")


def make_flash_names(dump: bytes) -> dict[str, str]:
    fit_size = struct.unpack(">I", dump[0x1C04:0x1C08])[0]
    packed = lzma.compress(PAYLOAD)
    return {
        "@0x1000": sha(environment()),
        "@0x1800": sha(uimage(PAYLOAD)),
        "@0x1c00": sha(dump[0x1C00 : 0x1C00 + fit_size]),
        "@0x2200": sha(packed),
    }


def make(root: Path) -> None:
    """Write all cases under `root`/containers."""
    for one in (make_fit, make_tree, make_uimage, make_records, make_cortex_m, make_esp, make_flash, make_environment,
                make_overlay):  # fmt: skip
        one(root)
