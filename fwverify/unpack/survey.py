"""Look at every artifact as it passes by: entropy and first bytes, for `inspect`. Costs a sample, keeps no content."""

from __future__ import annotations

from fwverify.formats.classify import classify
from fwverify.formats.entropy import curve, sampled
from fwverify.model.artifact import Artifact
from fwverify.model.survey import Look, Survey

FIRST_BYTES = 16
CURVE_POINTS = 600
"""Of an image's curve: more than a screen shows."""


def look_into(survey: Survey, artifact: Artifact) -> None:
    """Add one artifact to the survey."""
    view = artifact.content
    image = len(artifact.locator.steps) == 1
    points = curve(view, CURVE_POINTS) if image and artifact.size else ()
    # Files of a root file system are many, and what they are is told otherwise.
    kind = classify(view, artifact.whole[0])[0].value if artifact.size and _is_unclaimed(artifact) else ""
    survey.looks[artifact.locator] = Look(sampled(view), bytes(view[:FIRST_BYTES]), kind, points)


def _is_unclaimed(artifact: Artifact) -> bool:
    """The image itself, or bytes of a container that no part of it accounts for."""
    return not artifact.locator.steps[-1].container
