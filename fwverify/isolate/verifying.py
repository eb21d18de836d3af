"""The public `facts` and `verify`: content is opened and examined in workers unless the caller brings a bench."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fwverify import pipeline
from fwverify.evaluate.policy import Policy
from fwverify.isolate.bench import workers
from fwverify.limits import DEFAULT_LIMITS, Limits
from fwverify.model.evidence import Evidence
from fwverify.model.expectation import Expectation
from fwverify.model.verdict import Assessment
from fwverify.trust.store import EMPTY, TrustStore
from fwverify.worklist import Bench

NOTHING = Expectation()


def facts(
    paths: Sequence[Path],
    *,
    at: str,
    trust: TrustStore = EMPTY,
    expectation: Expectation = NOTHING,
    limits: Limits = DEFAULT_LIMITS,
    bench: Bench | None = None,
) -> Evidence:
    """All facts of a delivery; arguments and errors as for `pipeline.facts`.

    Raises:
        IngestError: the delivery is not there or cannot be read.
    """
    if bench is not None:
        return pipeline.facts(paths, at=at, trust=trust, expectation=expectation, limits=limits, bench=bench)
    with workers(limits) as bench:
        return pipeline.facts(paths, at=at, trust=trust, expectation=expectation, limits=limits, bench=bench)


def verify(
    paths: Sequence[Path],
    *,
    policy: Policy,
    at: str,
    trust: TrustStore = EMPTY,
    expectation: Expectation = NOTHING,
    limits: Limits = DEFAULT_LIMITS,
    bench: Bench | None = None,
) -> Assessment:
    """Facts, then judgement; arguments and errors as for `facts`. The policy judges and changes no fact."""
    evidence = facts(paths, at=at, trust=trust, expectation=expectation, limits=limits, bench=bench)
    return pipeline.judge(evidence, policy, at)
