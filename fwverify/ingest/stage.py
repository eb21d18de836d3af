"""What the operator pointed at -> Delivery: every file read once, digested, and given its role.

A folder is a delivery. A zip or tar file is one when a companion (signature, list, SBOM, key) lies in it; otherwise it
is an image that happens to be an archive. A single file is an image, and the files beside it that positively belong
to it (its signature, a list that names it, its SBOM) come along; other files beside it do not.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fwverify.errors import IngestError
from fwverify.formats import checksum_list
from fwverify.formats.names import decoded
from fwverify.ingest import archives, files, roles
from fwverify.limits import Budget, Limits
from fwverify.model.artifact import Artifact, DeliveredFile, Delivery, Locator, Role, Step
from fwverify.model.evidence import Anomaly, Gap

MAX_BESIDE = 200
"""Files beside a single image that are looked at for companions."""
MAX_BESIDE_BYTES = 64 << 20
"""A companion: an SBOM of 10,000 components has 8 MiB."""
MAX_BINARY_BYTES = 1 << 20
"""A companion that is no text: signatures, keys and certificates have some KiB. Other images in the same folder have
more, and are not read for nothing."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """The delivery, and what could not be read of it."""

    delivery: Delivery
    gaps: tuple[Gap, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()


def ingest(paths: Sequence[Path], limits: Limits, deadline: float = 0.0) -> Ingested:
    """Read a delivery. Raises IngestError for what the operator can mend.

    Args:
        paths: one file, folder or archive; or several files that belong together.
        limits: of the run.
        deadline: when its time is over, by the clock of `Budget`; 0: it begins now.
    """
    if not paths:
        raise IngestError("no delivery was named")
    if len(paths) > 1:
        return _several(paths, limits)
    path = paths[0]
    if not path.exists() and not path.is_symlink():
        raise IngestError("there is no such file or folder", where=str(path), todo="Check the path you typed.")
    return _folder(path, limits) if path.is_dir() else _single(path, limits, deadline)


def _name(path: Path) -> str:
    return _named(path.resolve()) or "delivery"


def _named(path: Path) -> str:
    """A file's name as text: names on disk are bytes, and not all of them are UTF-8."""
    return decoded(os.fsencode(path.name))


def _folder(folder: Path, limits: Limits) -> Ingested:
    gaps: list[Gap] = []
    anomalies: list[Anomaly] = []
    found = [files.read(path, name, limits) for path, name in files.walk(folder, limits, gaps, anomalies)]
    if not found:
        todo = "Links and special files in it are not followed." if gaps else ""
        raise IngestError("the folder holds no files", where=str(folder), todo=todo)
    return Ingested(_delivery(_name(folder), found), tuple(gaps), tuple(anomalies))


def _several(paths: Sequence[Path], limits: Limits) -> Ingested:
    folders = [path for path in paths if path.is_dir()]
    if folders:
        todo = "Name one folder, or several files that belong together; for many deliveries: fwverify batch."
        raise IngestError("a folder is a delivery of its own", where=str(folders[0]), todo=todo)
    found = [files.read(path, _named(path), limits) for path in paths]
    if len({one.name for one in found}) != len(found):
        raise IngestError("two files have the same name", todo="Put the delivery into one folder and name that.")
    return Ingested(_delivery(found[0].name, found))


def _delivery(name: str, found: Sequence[Artifact], archive: Artifact | None = None) -> Delivery:
    names = {one.name: one for one in found}
    delivered = tuple(_delivered(one, names) for one in found)
    return Delivery(name, delivered, archive)


def _delivered(artifact: Artifact, names: dict[str, Artifact]) -> DeliveredFile:
    taken = roles.classify(artifact, names)
    about = names[taken.about].locator if taken.about in names else None
    return DeliveredFile(taken.role, artifact, taken.why, about)


def _single(path: Path, limits: Limits, deadline: float) -> Ingested:
    artifact = files.read(path, _named(path), limits)
    if artifact.size == 0:
        raise IngestError("the file is empty", where=str(path), todo="Download it again.")
    opened = _archive(artifact, limits, deadline)
    if opened is not None:
        return opened
    beside, others = _beside(path, limits)
    names = {one.name: one for one in (*others, artifact, *beside)}
    _refuse_companion(artifact, names, path)
    image = DeliveredFile(Role.IMAGE, artifact, "the file you named")
    return Ingested(Delivery(_named(path), (image, *_belonging(artifact, beside, names))))


def _refuse_companion(artifact: Artifact, names: dict[str, Artifact], path: Path) -> None:
    """A signature, list, SBOM or key named alone is a slip of the hand, not firmware."""
    taken = roles.classify(artifact, names)
    if taken.role not in (Role.IMAGE, Role.IGNORED):
        todo = "Name the firmware file, or the folder it came in."
        raise IngestError(f"it is no firmware ({taken.why})", where=str(path), todo=todo)


def _beside(path: Path, limits: Limits) -> tuple[list[Artifact], list[Artifact]]:
    """Files in the same folder that can be companions, and others by name alone: a signature may be called like them.

    What cannot be read there is not ours to judge.
    """
    found: list[Artifact] = []
    others: list[Artifact] = []
    for other in sorted(path.resolve().parent.iterdir())[:MAX_BESIDE]:
        if other.name == path.name or other.is_symlink() or not other.is_file():
            continue
        if other.stat().st_size > MAX_BESIDE_BYTES:
            continue
        try:
            if other.stat().st_size > MAX_BINARY_BYTES and not files.begins_as_text(other):
                others.append(Artifact(Locator((Step(_named(other)),)), other.stat().st_size, (), memoryview(b"")))
            else:
                found.append(files.read(other, _named(other), limits))
        except (IngestError, OSError):
            continue
    return found, others


def _belonging(image: Artifact, beside: Sequence[Artifact], names: dict[str, Artifact]) -> list[DeliveredFile]:
    """Companions beside a single image that speak of it, and then those that speak of these."""
    taken = {one.name: _delivered(one, names) for one in beside}
    wanted = {image.name}
    stem = image.name.rsplit(".", 1)[0]
    chosen: dict[str, DeliveredFile] = {}
    for _ in range(3):  # a list about the image, a signature about the list
        for name, file in taken.items():
            if name not in chosen and _belongs(file, wanted, stem):
                chosen[name] = file
                wanted.add(name)
    return [chosen[name] for name in sorted(chosen)]


def _belongs(file: DeliveredFile, wanted: set[str], stem: str) -> bool:
    match file.role:
        case Role.SIGNATURE:
            return file.about is not None and file.about.name in wanted
        case Role.CHECKSUMS:
            listed = {checksum_list.plain_name(one.name) for one in checksum_list.parse(file.artifact.content).entries}
            return bool(listed & wanted) or (file.about is not None and file.about.name in wanted)
        case Role.SBOM | Role.KEY:
            return file.artifact.name.startswith(stem)
        case _:
            return False


def _archive(artifact: Artifact, limits: Limits, deadline: float) -> Ingested | None:
    """The files of a zip or tar delivery (.tar.gz and .tar.xz too); None when it is none or holds no companion."""
    opened = archives.open_archive(artifact, Budget(limits, deadline=deadline))
    if opened is None or not opened.members:
        return None
    delivery = _delivery(artifact.name, opened.members, artifact)
    if all(one.role in (Role.IMAGE, Role.IGNORED) for one in delivery.files):
        return None
    return Ingested(delivery, tuple(opened.gaps), tuple(opened.anomalies))
