"""Vectors of rauc, dm-verity and avb: payloads bound by hash trees.

The layouts are built here from their specifications, so that the product is not its own witness; mksquashfs makes the
file systems, openssl the CMS. Keys are made of a published sentence: the same tools give the same bytes.
"""

from __future__ import annotations

import hashlib
import struct
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.vectors.makers.cms_images import Scratch, flipped, key, pinned
from tests.vectors.makers.keys_and_signatures import Case, entry, fingerprint, pem, registry, seed

SALT = seed("verity salt")
IMAGE = seed("rauc image", 6000)
DATA = seed("verity data", 20 * 512)
BOOT = b"boot image of the vectors\n" + seed("boot", 3000)


def tree(data: bytes, salt: bytes, block: int = 4096) -> tuple[bytes, bytes]:
    """(root, levels, highest first) of a SHA-256 hash tree, version 1."""
    levels, level = [], data
    while len(level) > block:
        digests = b"".join(hashlib.sha256(salt + level[at : at + block]).digest() for at in range(0, len(level), block))
        level = digests + bytes(-len(digests) % block)
        levels.append(level)
    return hashlib.sha256(salt + level).digest(), b"".join(reversed(levels))


def superblock(data: bytes, salt: bytes, block: int) -> bytes:
    """Version 1, alone in its block."""
    head = struct.pack(
        "<8sII16s32sIIQH6x", b"verity\0\0", 1, 1, uuid.UUID(int=7).bytes, b"sha256", block, block, len(data) // block,
        len(salt),
    )  # fmt: skip
    return (head + salt).ljust(block, b"\0")


# --- RAUC -----------------------------------------------------------------------------------------------------------


def manifest(bundle: str = "", image: bytes = IMAGE, compatible: str = "vector-gw") -> bytes:
    digest = hashlib.sha256(image).hexdigest()
    return (
        f"[update]\ncompatible={compatible}\nversion=1.2.0\n\n{bundle}[image.rootfs]\nsha256={digest}\n"
        f"size={len(image)}\nfilename=rootfs.img\n"
    ).encode()


def squashfs(folder: Path, text: bytes) -> bytes:
    source, target = folder / "bundle", folder / "payload"
    source.mkdir(exist_ok=True)
    (source / "manifest.raucm").write_bytes(text)
    (source / "rootfs.img").write_bytes(IMAGE)
    command = ["mksquashfs", source, target, "-noappend", "-all-root", "-all-time", "1790000000", "-mkfs-time",
               "1790000000", "-no-progress", "-quiet", "-processors", "1"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return target.read_bytes()


def cms(folder: Path, content: bytes, *, attached: bool, signer: str = "signer") -> bytes:
    (folder / "content").write_bytes(content)
    command = ["openssl", "cms", "-sign", "-binary", "-noattr", "-outform", "DER", "-md", "sha256", "-signer",
               f"{signer}.crt", "-inkey", f"{signer}.key", "-in", "content", "-out", "cms"]  # fmt: skip
    subprocess.run(command + (["-nodetach"] if attached else []), cwd=folder, check=True, capture_output=True)
    return (folder / "cms").read_bytes()


def closed(payload: bytes, signature: bytes, size: int | None = None) -> bytes:
    return payload + signature + struct.pack(">Q", len(signature) if size is None else size)


def hashed(folder: Path, data: bytes, kind: str = "verity", image: bytes = IMAGE) -> tuple[bytes, bytes, bytes]:
    """(data, tree, CMS) of a verity or crypt bundle."""
    root, levels = tree(data, SALT)
    lines = f"[bundle]\nformat={kind}\nverity-hash={root.hex()}\nverity-salt={SALT.hex()}\nverity-size={len(levels)}\n"
    lines += f"crypt-key={seed('crypt').hex()}\n\n" if kind == "crypt" else "\n"
    return data, levels, cms(folder, manifest(lines, image), attached=True)


def rauc_cases(folder: Path) -> Iterator[Case]:
    plain = squashfs(folder, manifest())
    says_verity = squashfs(folder, manifest("[bundle]\nformat=verity\n\n"))
    data, levels, signature = hashed(folder, says_verity)
    crypt, crypt_levels, crypt_signature = hashed(folder, seed("encrypted", 8192), "crypt")
    other = hashed(folder, plain)[2]
    plain_signature = cms(folder, plain, attached=False)
    twice = cms(folder, manifest() + b"[update]\ncompatible=other\n", attached=True)
    stranger = cms(folder, plain, attached=False, signer="stranger")
    good = closed(data + levels, signature)
    again, more_levels, resigned = hashed(folder, data + levels)
    rows = (
        ("valid", "plain", "CMS over a squashfs", "valid", closed(plain, plain_signature)),
        ("valid", "verity", "CMS over a manifest with the root of the hash tree", "valid", good),
        ("valid", "crypt", "as verity, the payload is encrypted", "valid",
         closed(crypt + crypt_levels, crypt_signature)),
        ("valid", "resigned", "as rauc 1.8 resign leaves it: the first hash tree is data of the second", "valid",
         closed(again + more_levels, resigned)),
        ("invalid", "payload-changed", "one bit of the squashfs", "invalid", flipped(good, 200)),
        ("invalid", "tree-changed", "one bit of the hash tree", "invalid", flipped(good, len(data) + 5)),
        ("invalid", "plain-inserted", "a block between squashfs and CMS", "invalid",
         closed(plain + bytes(4096), plain_signature)),
        ("invalid", "unsigned", "a bundle by its name, without a CMS", "invalid", data + levels),
        ("invalid", "stranger", "signed by a certificate nobody knows", "unknown_key", closed(plain, stranger)),
        ("hostile", "grafted-cms", "the CMS of another build", "invalid", closed(data + levels, other)),
        ("hostile", "appended", "bytes behind the size", "invalid", good + bytes(16)),
        ("hostile", "size-over-file", "a CMS larger than the file", "invalid",
         closed(data + levels, signature, 1 << 40)),
        ("hostile", "behind-cms", "bytes between CMS and size, counted in", "invalid",
         closed(data + levels, signature + bytes(16))),
        ("hostile", "plain-says-verity", "signed as plain, its manifest says verity", "invalid",
         closed(says_verity, cms(folder, says_verity, attached=False))),
        ("hostile", "manifest-twice", "two sections [update]", "invalid", closed(plain, twice)),
        ("hostile", "other-image", "the manifest names another image than the squashfs holds", "invalid",
         closed(data + levels, hashed(folder, data, image=b"another")[2])),
        ("hostile", "no-tree", "verity-size leaves no data", "invalid",
         closed(data + levels, cms(folder, manifest("[bundle]\nformat=verity\nverity-hash=" + "00" * 32
                + f"\nverity-salt={SALT.hex()}\nverity-size={len(data + levels)}\n\n"), attached=True))),
        ("truncated", "half", "cut in the middle", "invalid", good[: len(good) // 2]),
    )  # fmt: skip
    for kind, name, why, status, content in rows:
        expect = f'statuses = [["fw.raucb", "{status}"]]'
        yield Case("rauc", kind, name, why, expect, {"fw.raucb": content}, pinned())


# --- dm-verity ------------------------------------------------------------------------------------------------------


def verity_cases(folder: Path) -> Iterator[Case]:
    block = 512
    root, levels = tree(DATA, SALT, block)
    area = superblock(DATA, SALT, block) + levels
    text = root.hex().encode()
    signature = cms(folder, text, attached=False)
    other = cms(folder, seed("other").hex().encode(), attached=False)
    files = {"rootfs.img": DATA, "rootfs.verity": area, "roothash": text, "roothash.p7s": signature}
    appended = {"rootfs.img": DATA + area, "rootfs.roothash": text + b"\n", "rootfs.roothash.p7s": signature}
    rows: Sequence[tuple[str, str, str, dict[str, bytes], str, bool]] = (
        ("valid", "signed-root-hash", "image, tree, root hash and its PKCS#7", files, "valid", True),
        ("valid", "tree-behind-data", "one file; a line end that is not signed", appended, "valid", True),
        ("invalid", "data-changed", "one bit of the image", files | {"rootfs.img": flipped(DATA, 700)}, "valid", False),
        ("invalid", "tree-changed", "one bit of the tree",
         files | {"rootfs.verity": flipped(area, len(area) - 40)}, "valid", False),
        ("invalid", "top-changed", "one bit of the highest block of the tree",
         files | {"rootfs.verity": flipped(area, block + 3)}, "valid", False),
        ("invalid", "other-signed", "the PKCS#7 is over another root hash",
         files | {"roothash.p7s": other}, "invalid", True),
        ("hostile", "data-appended", "a block that the tree does not know",
         files | {"rootfs.img": DATA + seed("hidden", 512)}, "valid", False),
        ("hostile", "zeros-appended", "a block of zeros that the tree does not know",
         files | {"rootfs.img": DATA + bytes(512)}, "valid", False),
        ("hostile", "tree-appended", "bytes behind the tree",
         files | {"rootfs.verity": area + b"hidden"}, "valid", False),
        ("truncated", "data", "the last block is missing", files | {"rootfs.img": DATA[:-block]}, "valid", False),
    )  # fmt: skip
    for kind, name, why, delivery, status, holds in rows:
        source = next(one for one in delivery if one.endswith(".p7s"))
        expect = f'statuses = [["{source}", "{status}"]]\nchecksums = [["rootfs.img", {str(holds).lower()}]]'
        yield Case("dm-verity", kind, name, why, expect, delivery, pinned())


# --- AVB ------------------------------------------------------------------------------------------------------------


def avb_key(private: rsa.RSAPrivateKey) -> bytes:
    n = private.public_key().public_numbers().n
    size = n.bit_length()
    inverse = -pow(n, -1, 1 << 32) % (1 << 32)
    return struct.pack(">II", size, inverse) + b"".join(
        one.to_bytes(size // 8, "big") for one in (n, pow(2, 2 * size, n))
    )


def _descriptor(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 8)
    return struct.pack(">QQ", kind, len(body)) + body


def hash_descriptor(name: bytes, content: bytes, algorithm: str = "sha256") -> bytes:
    digest = hashlib.new(algorithm, SALT + content).digest()
    head = struct.pack(">Q32sIIII60x", len(content), algorithm.encode(), len(name), len(SALT), len(digest), 0)
    return _descriptor(2, head + name + SALT + digest)


def tree_descriptor(name: bytes, content: bytes, block: int = 512) -> tuple[bytes, bytes]:
    """(descriptor, hash tree) of content in whole blocks; the tree follows the content."""
    root, levels = tree(content, SALT, block)
    head = struct.pack(
        ">IQQQIIIQQ32sIIII60x", 1, len(content), len(content), len(levels), block, block, 0, 0, 0, b"sha256",
        len(name), len(SALT), len(root), 0,
    )  # fmt: skip
    return _descriptor(1, head + name + SALT + root), levels


def chain_descriptor(name: bytes, key: bytes) -> bytes:
    return _descriptor(4, struct.pack(">IIII60x", 1, len(name), len(key), 0) + name + key)


def vbmeta(
    descriptors: bytes,
    private: rsa.RSAPrivateKey | None,
    *,
    flags: int = 0,
    algorithm: int = 1,
    rollback: int = 5,
    inside: rsa.RSAPrivateKey | None = None,
) -> bytes:
    """A vbmeta; without a key it is not signed. `inside`: the key it says it is signed with."""
    public = avb_key(inside or private) if private else b""
    aux = descriptors + public
    aux += bytes(-len(aux) % 64)
    method = hashes.SHA512() if algorithm > 3 else hashes.SHA256()
    size = private.key_size // 8 if private else 0
    used = (method.digest_size, size) if private else (0, 0)
    auth_size = sum(used) + -sum(used) % 64
    header = struct.pack(
        ">4sIIQQIQQQQQQQQQQQII48s80x", b"AVB0", 1, 0, auth_size, len(aux), algorithm if private else 0, 0, used[0],
        used[0], used[1], len(descriptors), len(public), len(descriptors) + len(public), 0, 0, len(descriptors),
        rollback, flags, 0, b"avbtool 1.3.0",
    )  # fmt: skip
    if private is None:
        return header + aux
    auth = hashlib.new(method.name, header + aux).digest() + private.sign(header + aux, padding.PKCS1v15(), method)
    return header + auth.ljust(auth_size, b"\0") + aux


def with_footer(content: bytes, meta: bytes, size: int, between: bytes = b"") -> bytes:
    """A partition image: content, hash tree, vbmeta on the next block of 512 bytes, footer."""
    start = len(content + between) + -len(content + between) % 512
    foot = struct.pack(">4sIIQQQ28x", b"AVBf", 1, 0, len(content), start, len(meta))
    return ((content + between).ljust(start, b"\0") + meta).ljust(size - 64, b"\0") + foot


def avb_registry() -> dict[str, bytes]:
    rows = entry("avb", "public-key", "vendor/avb.pem", fingerprint(key("avb")))
    return {"vendor.yaml": registry(rows), "vendor/avb.pem": pem(key("avb"))}


def avb_cases() -> Iterator[Case]:
    first, second = key("avb"), key("avb-second")
    boot = hash_descriptor(b"boot", BOOT)
    footer = with_footer(BOOT, vbmeta(boot, first), 8192)
    described, levels = tree_descriptor(b"system", DATA)
    system = with_footer(DATA, vbmeta(described, first, algorithm=4), 20480, levels)
    bare = with_footer(BOOT, vbmeta(boot, None), 6144)
    alone = vbmeta(boot, first)
    padded = alone.ljust(4096, b"\0")
    chained = with_footer(BOOT, vbmeta(boot, second), 8192)
    chain = vbmeta(chain_descriptor(b"boot", avb_key(second)), first)
    start = footer.index(b"AVB0")
    none = footer[: start + 28] + bytes(4) + footer[start + 32 :]
    forged = with_footer(b"evil" + BOOT, vbmeta(hash_descriptor(b"boot", b"evil" + BOOT), first), 8192)
    at = forged.index(b"AVB0")
    forged = flipped(forged[: at + 28] + bytes(4) + forged[at + 32 :], at + 256 + 40)
    other_hash = bytearray(footer)
    other_hash[start + 256] ^= 1
    rows: Sequence[tuple[str, str, str, dict[str, bytes], list[tuple[str, str]]]] = (
        ("valid", "hash-footer", "hash descriptor and footer", {"boot.img": footer}, [("boot.img", "valid")]),
        ("valid", "hash-tree", "hash tree, SHA512_RSA2048", {"system.img": system}, [("system.img", "valid")]),
        ("valid", "separate", "a vbmeta that names another partition", {"vbmeta.img": padded, "boot.img": bare},
         [("vbmeta.img", "valid")] * 2),
        ("valid", "chained", "the other partition is signed by the key the first names",
         {"vbmeta.img": chain, "boot.img": chained},
         [("boot.img", "unknown_key"), ("vbmeta.img", "valid"), ("vbmeta.img", "valid")]),
        ("valid", "partition-missing", "the named partition is not delivered", {"vbmeta.img": alone},
         [("vbmeta.img", "valid")]),
        ("invalid", "payload-changed", "one bit of the image", {"boot.img": flipped(footer, 100)},
         [("boot.img", "invalid")]),
        ("invalid", "tree-changed", "one bit of the hash tree", {"system.img": flipped(system, len(DATA) + 9)},
         [("system.img", "invalid")]),
        ("invalid", "descriptor-changed", "one bit of the descriptor", {"boot.img": flipped(footer, start + 870)},
         [("boot.img", "invalid")]),
        ("invalid", "sibling-changed", "one bit of the partition a vbmeta names",
         {"vbmeta.img": alone, "boot.img": flipped(bare, 7)}, [("vbmeta.img", "invalid")] * 2),
        ("invalid", "hash-field", "the hash beside the signature is another", {"boot.img": bytes(other_hash)},
         [("boot.img", "invalid")]),
        ("hostile", "algorithm-none", "algorithm NONE, key and signature left", {"boot.img": none},
         [("boot.img", "invalid")]),
        ("hostile", "algorithm-none-forged", "payload and digest replaced, algorithm NONE", {"boot.img": forged},
         [("boot.img", "invalid")]),
        ("hostile", "hash-tree-off", "flag 1", {"boot.img": with_footer(BOOT, vbmeta(boot, first, flags=1), 8192)},
         [("boot.img", "invalid")]),
        ("hostile", "verification-off", "flag 2", {"vbmeta.img": vbmeta(boot, first, flags=2)},
         [("vbmeta.img", "invalid")]),
        ("hostile", "chain-other-key", "the chained partition is signed by the first key",
         {"vbmeta.img": chain, "boot.img": footer},
         [("boot.img", "valid"), ("vbmeta.img", "invalid"), ("vbmeta.img", "invalid")][:2]),
        ("truncated", "footer", "the footer is cut off", {"boot.img": footer[:-64]}, []),
        ("truncated", "vbmeta", "half a vbmeta", {"vbmeta.img": alone[: len(alone) // 2]}, [("vbmeta.img", "invalid")]),
    )  # fmt: skip
    for kind, name, why, delivery, statuses in rows:
        expect = "statuses = [" + ", ".join(f'["{file}", "{status}"]' for file, status in statuses) + "]"
        yield Case("avb", kind, name, why, expect, delivery, avb_registry())


# --- the containers -------------------------------------------------------------------------------------------------


def containers(root: Path) -> None:
    described, levels = tree_descriptor(b"system", DATA)
    hashed_image = with_footer(BOOT, vbmeta(hash_descriptor(b"boot", BOOT), key("avb")), 8192)
    system = with_footer(DATA, vbmeta(described, None), 20480, levels)
    changed = flipped(system, 100)
    hidden = hashed_image[:-100] + b"hidden" + hashed_image[-94:]
    deep = hashed_image[:-64] + hashed_image[-64:-44] + struct.pack(">Q", 1 << 40) + hashed_image[-36:]
    far = bytearray(hashed_image)
    struct.pack_into(">Q", far, hashed_image.index(b"AVB0") + 12, 1 << 50)
    rows: Sequence[tuple[str, bytes, str, bytes | None, str]] = (
        ("valid/hash-footer", hashed_image, "an image, a vbmeta and a footer", BOOT, ""),
        ("valid/hash-tree", system, "an image with its hash tree", DATA, ""),
        ("invalid/tree", changed, "one bit of the image", changed[: len(DATA)], 'checks_fail = ["hash tree"]'),
        ("truncated/footer", hashed_image[:-1], "the last byte is missing: no footer", None, 'gap = "malformed"'),
        ("hostile/hidden", hidden, "bytes between vbmeta and footer", BOOT, 'anomalies = ["trailing-data"]'),
        ("hostile/block-size", bytes(far), "an authentication block of 2^50 bytes", None, 'gap = "malformed"'),
        ("hostile/offset", deep, "a footer that points far behind the file", None, 'gap = "malformed"'),
    )
    for place, data, why, member, line in rows:
        folder = root / "containers/avb_image" / place
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "input").write_bytes(data)
        table = "" if member is None else f'[expect.members]\n"image" = "{hashlib.sha256(member).hexdigest()}"\n'
        origin = "tests/vectors/makers/verity_images.py"
        text = f'origin = "{origin}"\nwhy = "{why}"\n\n[expect]\n{line}\n{table}'
        (folder / "vector.toml").write_text(text)


def make(root: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        scratch = Scratch(Path(name))
        for case in (*rauc_cases(scratch.folder), *verity_cases(scratch.folder), *avb_cases()):
            case.write(root)
        containers(root)
