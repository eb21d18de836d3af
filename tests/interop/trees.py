"""Source trees for the official makers of containers, and what must come out again.

One tree has everything a file system may hold: links of both kinds, empty files and folders, long and non-ASCII names,
holes, equal and random contents. Makers differ in what they can keep; a test says what it leaves out, by argument.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from fwverify.content import identified
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Locator, Step, subtracted
from fwverify.unpack.interface import Check, Container, Event, Member, MemberKind, Oddity, Part, Unread
from fwverify.unpack.registry import BUILTIN
from fwverify.unpack.stage import recognise

TIME = 1_700_000_000
NOISE = b"".join(hashlib.sha256(b"%d" % one).digest() for one in range(20_000))
"""640,000 bytes that do not compress, the same in every run."""


def source_tree(
    root: Path,
    *,
    many: int = 300,
    links: bool = True,
    unicode: bool = True,
    long_names: bool = True,
    holes: bool = True,
    xattrs: bool = False,
) -> Path:
    """Make the tree below `root` (which must not exist) and return `root`.

    Args:
        many: number of small files in usr/lib/many.
        links: symbolic and hard links.
        unicode: a name outside ASCII.
        long_names: a name of 160 characters.
        holes: a file of 5 MB that is nearly all hole.
        xattrs: user.* attributes on some files (the file system below must take them).
    """
    (root / "etc" / "empty.d").mkdir(parents=True)
    (root / "etc" / "empty").write_bytes(b"")
    (root / "etc" / "one").write_bytes(b"1")
    if unicode:
        (root / "etc" / "größe \u2713.txt").write_bytes(b"12\n")
    if long_names:
        (root / "etc" / ("long" * 40)).write_bytes(b"a long name\n")
    (root / "bin").mkdir()
    (root / "bin" / "random").write_bytes(NOISE)
    (root / "bin" / "equal").write_bytes(NOISE)
    (root / "bin" / "text").write_bytes(b"the same line again and again\n" * 30_000)
    if links:
        (root / "bin" / "again").hardlink_to(root / "bin" / "random")
        (root / "bin" / "sh").symlink_to("text")
        (root / "bin" / "far").symlink_to("../usr/" + "far/" * 40 + "away")
    if holes:
        with (root / "hole").open("wb") as file:
            file.seek(3_000_000)
            file.write(b"behind the hole")
            file.truncate(5_000_000)
    folder = root / "usr" / "lib" / "many"
    folder.mkdir(parents=True)
    for one in range(many):
        (folder / f"module-{one:05}.ko").write_bytes(NOISE[one * 7 % 600_000 :][: one * 13 % 40_000])
    if xattrs:
        os.setxattr(root / "etc" / "one", "user.note", b"x" * 200)
        os.setxattr(root / "bin" / "text", "user.other", b"a value")
    for path in root.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (TIME, TIME))
    return root


@dataclass
class Held:
    """What a container held, or a source tree holds."""

    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Name -> size and SHA-256; every name of a hard link."""
    symlinks: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)


def source(root: Path) -> Held:
    """What a folder holds."""
    out = Held()
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if path.is_symlink():
            out.symlinks[name] = str(path.readlink())
        elif path.is_dir():
            out.folders.add(name)
        else:
            data = path.read_bytes()
            out.files[name] = (len(data), hashlib.sha256(data).hexdigest())
    return out


def image(data: bytes, name: str = "image.bin") -> Artifact:
    """Bytes as an artifact."""
    return identified(Locator((Step(name),)), data)


def container(name: str) -> Container:
    """A registered container."""
    return next(one for one in BUILTIN if one.name == name)


def held(data: bytes, name: str) -> tuple[Held, list[Event]]:
    """Open with the container that recognises the bytes, which must be `name`; hard links are followed.

    The events come back without the members' contents.
    """
    artifact = image(data)
    recognised, _ = recognise(artifact)
    assert recognised is not None and recognised.name == name, recognised
    out, events, hard = Held(), [], {}
    for event in recognised.unpack(artifact, Budget()):
        events.append(event)
        if isinstance(event, Member):
            path = event.name.strip("/")
            if event.kind is MemberKind.FILE and event.content is not None:
                out.files[path] = (len(event.content), hashlib.sha256(event.content).hexdigest())
            elif event.kind is MemberKind.HARDLINK:
                hard[path] = event.target.strip("/")
            elif event.kind is MemberKind.SYMLINK:
                out.symlinks[path] = event.target
            elif event.kind is MemberKind.DIRECTORY:
                out.folders.add(path)
    for path, target in hard.items():
        out.files[path] = out.files[target]
    return out, events


def complaints(events: list[Event]) -> list[Event]:
    """What a sound image must not have: gaps, oddities, checks that fail."""
    return [
        one for one in events
        if isinstance(one, Oddity | Unread) or (isinstance(one, Check) and one.declared != one.computed)
    ]  # fmt: skip


def unclaimed(data: bytes, events: list[Event]) -> tuple[ByteRange, ...]:
    """Bytes that no event accounts for."""
    claimed = [one.range for one in events if isinstance(one, Part)]
    claimed += [span for one in events if isinstance(one, Member) for span in one.ranges]
    return subtracted((ByteRange(0, len(data)),), claimed)
