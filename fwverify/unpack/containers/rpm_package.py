"""RPM packages as containers of one member, the packed cpio archive; the layout is read by formats/rpm_package.

The payload is opened by the reader of its compression, and the archive in it as any other. Signatures in the package
are named and not verified: a signature over the whole delivery is what counts here.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import rpm_package
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Check, Container, Event, Fact, Member, Part, PartUse

SUFFIXES = {b"\x1f\x8b": ".gz", b"\xfd7": ".xz", b"\x28\xb5": ".zst", b"BZ": ".bz2", b"\x5d\0": ".lzma"}


def _detect(artifact: Artifact) -> bool:
    return rpm_package.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    found = rpm_package.read(view)
    for one in found.structure:
        yield Part(one, PartUse.HEADER)
    yield from _facts(found)
    name = "payload.cpio" + SUFFIXES.get(bytes(view[found.payload : found.payload + 2]), "")
    for what, stated, computed in found.digests:
        yield Check(what, stated, computed)
    if found.payload_digest is not None:
        yield Check("payload", *found.payload_digest, member=name)
    if found.payload < len(view):
        budget.member()
        budget.size(len(view) - found.payload)
        yield Member(
            name, content=view[found.payload :], ranges=(ByteRange(found.payload, len(view)),), stored=True
        )  # fmt: skip


def _facts(found: rpm_package.RpmPackage) -> Iterator[Event]:
    named = found.named
    stated = {
        "name": named.name, "version": named.version, "release": named.release, "arch": named.architecture,
        "vendor": named.vendor, "source-rpm": named.source, "epoch": str(named.epoch) if named.epoch else "",
        "signatures-not-verified": ", ".join(found.signatures),
    }  # fmt: skip
    yield from (Fact(name, value) for name, value in stated.items() if value)


CONTAINER = Container(
    name="rpm_package",
    detect=_detect,
    unpack=_unpack,
    doc=Doc(
        title="RPM package",
        vendor="RPM project",
        references=("RPM documentation, RPM v4 package format, read 2026-11-23",),
        makers=("rpmbuild",),
        limitations=(
            "OpenPGP signatures in the package are named and not verified.",
            "The list of files in the header is not compared with the payload.",
            "Values of tags that are not known are searched only.",
        ),
    ),
)
