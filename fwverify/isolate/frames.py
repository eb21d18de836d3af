"""What a worker and its parent say to each other, byte for byte.

To the worker: `>IQ` (bytes of header, bytes of content), the header as JSON, the content. From the worker: `>BI` (what
it is, bytes), then canonical JSON. Both ends are of one release, so there is no version and no negotiation. Never
pickle: the answer comes from a process that hostile bytes may own.
"""

from __future__ import annotations

import json
import struct
from enum import IntEnum

from fwverify.identify.interface import Observed
from fwverify.model.artifact import Artifact, Digest, Locator, Step
from fwverify.model.canonical import NotEvidence, canonical, from_json

REQUEST = struct.Struct(">IQ")
ANSWER = struct.Struct(">BI")
MAX_ANSWER_BYTES = 64 << 20
"""Observations of one artifact. The largest seen, a package database with 4,000 rows, has 2 MiB."""


class Answer(IntEnum):
    """First byte of an answer."""

    READY = 1
    """Limits are set and everything is imported."""
    OBSERVED = 2
    MEMORY = 3
    """The artifact needs more memory than the worker may have."""


def request_header(artifact: Artifact) -> bytes:
    """Everything of an artifact but its content."""
    return canonical({"locator": artifact.locator, "digests": artifact.digests})


def requested(header: bytes, content: memoryview) -> Artifact:
    """The artifact as the worker sees it. The parent is believed."""
    stated = json.loads(header)
    digests = tuple(from_json(Digest, one) for one in stated["digests"])
    return Artifact(_locator(stated["locator"]), len(content), digests, content)


def _locator(stated: list[tuple[str, str, int]]) -> Locator:
    return Locator(tuple(Step(*one) for one in stated))


def observed(answer: bytes, locator: Locator) -> Observed:
    """What a worker observed; the worker is not believed.

    Raises:
        NotEvidence: it is not the JSON of an Observed, or speaks of another artifact than the one it was given.
    """
    try:
        found = from_json(Observed, json.loads(answer))
    except (ValueError, RecursionError) as problem:
        raise NotEvidence(str(problem)) from None
    spoken_of = {one.locator for one in found.clues} | {one.locator for one in found.contents}
    spoken_of |= {one.locator for one in found.claims} | {one.locator for one in found.gaps}
    if spoken_of - {locator}:
        raise NotEvidence("the answer speaks of another artifact")
    return found
