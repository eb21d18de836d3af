"""The public `facts` and `verify`: content is examined in worker processes unless the caller brings an examiner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fwverify import pipeline
from fwverify.evaluate.policy import Policy
from fwverify.isolate.pool import WorkerPool
from fwverify.limits import DEFAULT_LIMITS, Limits
from fwverify.model.evidence import Evidence
from fwverify.model.expectation import Expectation
from fwverify.model.verdict import Assessment
from fwverify.trust.store import EMPTY, TrustStore
from fwverify.worklist import Examiner

NOTHING = Expectation()


def facts(
    paths: Sequence[Path],
    *,
    at: str,
    trust: TrustStore = EMPTY,
    expectation: Expectation = NOTHING,
    limits: Limits = DEFAULT_LIMITS,
    examiner: Examiner | None = None,
) -> Evidence:
    """All facts of a delivery; arguments and errors as for `pipeline.facts`.

    Raises:
        IngestError: the delivery is not there or cannot be read.
    """
    if examiner is not None:
        return pipeline.facts(paths, at=at, trust=trust, expectation=expectation, limits=limits, examiner=examiner)
    with WorkerPool(limits) as pool:
        return pipeline.facts(paths, at=at, trust=trust, expectation=expectation, limits=limits, examiner=pool)


def verify(
    paths: Sequence[Path],
    *,
    policy: Policy,
    at: str,
    trust: TrustStore = EMPTY,
    expectation: Expectation = NOTHING,
    limits: Limits = DEFAULT_LIMITS,
    examiner: Examiner | None = None,
) -> Assessment:
    """Facts, then judgement; arguments and errors as for `facts`. The policy judges and changes no fact."""
    evidence = facts(paths, at=at, trust=trust, expectation=expectation, limits=limits, examiner=examiner)
    return pipeline.judge(evidence, policy, at)
