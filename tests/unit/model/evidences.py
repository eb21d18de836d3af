"""Small evidences for the tests of what differs between two."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from fwverify.model.artifact import ByteRange, Digest, Locator, Role, Step
from fwverify.model.component import Component
from fwverify.model.evidence import (
    SCHEMA,
    Anomaly,
    ArtifactRecord,
    ByteLedger,
    ContentKind,
    ContentObservation,
    Evidence,
    Gap,
    GapReason,
    LedgerSpan,
    Opened,
    RunSettings,
    SbomObservation,
    SignatureObservation,
    SignatureStatus,
    TrustSnapshot,
)
from fwverify.model.expectation import Expectation, VersionClaim

AT = "2026-11-22T00:00:00Z"
PLUGINS = tuple(
    f"detectors/{one}"
    for one in (
        "endpoint",
        "kernel-config",
        "password",
        "private-key",
        "public-key",
        "service",
        "token",
        "version-string",
    )
)
KEY = "ab" * 32
OTHER = "cd" * 32


def digest(text: str) -> tuple[Digest, ...]:
    return (Digest("sha256", hashlib.sha256(text.encode()).digest()),)


def hard(**facts: str) -> tuple[tuple[str, str], ...]:
    """Facts of a program: pie, relro, network... `run_path` stands for run-path."""
    return tuple(sorted((f"hardening.{name.replace('_', '-')}", value) for name, value in facts.items()))


SOUND = {"nx": "yes", "pie": "yes", "relro": "full", "canary": "yes", "fortify": "yes", "rwx": "no", "network": "no"}


@dataclass
class Image:
    """An image `fw.bin` with one file system `root`, put together piece by piece."""

    name: str = "fw.bin"
    root: str = "root"
    container: str = "squashfs"
    files: dict[str, str] = field(default_factory=dict)
    """Name -> content."""
    records: list[ArtifactRecord] = field(default_factory=list)
    contents: list[ContentObservation] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    signatures: list[SignatureObservation] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    claims: list[VersionClaim] = field(default_factory=list)
    sboms: list[SbomObservation] = field(default_factory=list)
    plugins: tuple[str, ...] = PLUGINS
    keys: str = "keys"
    signed: bool = False

    @property
    def image(self) -> Locator:
        return Locator((Step(self.name),))

    @property
    def tree(self) -> Locator:
        return self.image.into("box", self.root)

    def at(self, path: str) -> Locator:
        return self.tree.into(self.container, path)

    def file(self, path: str, content: str = "same", **more: object) -> Image:
        base = ArtifactRecord(
            self.at(path), len(content), digest(content), None, "text", "", Opened.EXAMINED, len(content), 0
        )
        self.records.append(replace(base, **more))
        return self

    def program(self, path: str, content: str = "code", mode: str = "", **facts: str) -> Image:
        extra = (("mode", mode),) if mode else ()
        return self.file(path, content, format="elf", facts=(*hard(**{**SOUND, **facts}), *extra))

    def seen(self, kind: ContentKind, path: str, fingerprint: str = KEY, detail: str = "what it is") -> Image:
        self.contents.append(ContentObservation(kind, self.at(path), -1, fingerprint, detail))
        return self

    def component(self, name: str, version: str = "", path: str = "", **more: object) -> Image:
        base = Component(name, version, "", 85, ("version-string",), (self.at(path or f"usr/lib/{name}"),), ())
        self.components.append(replace(base, **more))
        return self

    def gap(self, path: str = "", reason: GapReason = GapReason.MALFORMED, **more: object) -> Image:
        self.gaps.append(replace(Gap(reason, self.at(path) if path else self.tree, "why not", "reader"), **more))
        return self

    def signature(self, scheme: str = "minisign", **more: object) -> Image:
        base = SignatureObservation(
            scheme, Locator((Step(f"{self.name}.sig"),)), self.image, (), SignatureStatus.VALID, "it holds", KEY,
            ("acme/fw",), parameters=(("bits", "3072"), ("hash", "sha256")),
        )  # fmt: skip
        self.signatures.append(replace(base, **more))
        return self

    def evidence(self) -> Evidence:
        """All of it, with the records of the image and its file system."""
        inside = "".join(f"{one.locator}{one.digests}{one.facts}" for one in self.records)
        outer = [
            ArtifactRecord(
                self.image, 1000, digest("image" + inside), Role.IMAGE, "box", "Box", Opened.STRUCTURE, 1000, 0
            ),
            ArtifactRecord(self.tree, 900, digest(inside), None, self.container, "", Opened.STRUCTURE, 900, 0),
        ]
        from fwverify.model.canonical import identify

        by = tuple(sorted(identify(one) for one in self.signatures)) if self.signed else ()
        span = LedgerSpan(ByteRange(0, 1000), self.image, Opened.EXAMINED, "box", 1000, by, False)
        return Evidence(
            SCHEMA, AT, self.name, Expectation(), TrustSnapshot(self.keys, self.keys, ()),
            RunSettings((("max_depth", 16),), "full", self.plugins, (("fwverify", "1"),)),
            tuple([*outer, *self.records]), tuple(self.signatures), (), (), tuple(self.anomalies),
            tuple(self.contents), tuple(self.claims), (), tuple(self.components), tuple(self.sboms), (),
            tuple(self.gaps), ByteLedger(((self.image, (span,)),)),
        )  # fmt: skip
