"""The screen to read first: a delivery becomes evidence; evidence and a policy become a verdict.

    ingest -> authenticate -> unpack (outer first, members one at a time) -> observe -> conclude -> compare -> freeze
                                                                                       evaluate -> Assessment

Outer signatures are observed before any nested parser runs. Nothing here has an opinion, and nothing here reads a
clock, an environment or a network: time, trust, limits and the bench come in as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from fwverify.authenticate import stage as authentication
from fwverify.compare import stage as comparison
from fwverify.evaluate import stage as evaluation
from fwverify.evaluate.policy import Policy
from fwverify.evaluate.waivers import GivenWaiver
from fwverify.freeze import freeze
from fwverify.identify import stage as identification
from fwverify.ingest import stage as ingestion
from fwverify.limits import DEFAULT_LIMITS, Budget, Limits
from fwverify.model.approving import approved_release
from fwverify.model.artifact import Artifact, Role
from fwverify.model.canonical import identify
from fwverify.model.change import ApprovedRelease
from fwverify.model.differing import difference
from fwverify.model.evidence import Evidence
from fwverify.model.expectation import Expectation
from fwverify.model.verdict import Assessment
from fwverify.packed_files import seen_files
from fwverify.recall import Memory
from fwverify.reference.matching import name_files
from fwverify.reference.store import Store
from fwverify.trust.store import EMPTY, TrustStore, carried_keys
from fwverify.unpack.stage import Here
from fwverify.worklist import Bench, Walk

Progress = Callable[[str], None]


def facts(
    paths: Sequence[Path],
    *,
    at: str,
    trust: TrustStore = EMPTY,
    expectation: Expectation = Expectation(),  # noqa: B008 - immutable
    limits: Limits = DEFAULT_LIMITS,
    bench: Bench | None = None,
    progress: Progress = lambda _: None,
    look: Callable[[Artifact], None] = lambda _: None,
    memory: Memory | None = None,
    references: Sequence[Store] = (),
) -> Evidence:
    """Establish all facts of a delivery.

    Args:
        paths: one file, folder or archive; or several files that belong together.
        at: the time to judge by, RFC 3339 in UTC.
        trust: the operator's pinned keys.
        expectation: what the operator expects; never read from the delivery.
        limits: bounds of this run; its clock starts now.
        bench: where hostile bytes are read; None: in this process.
        progress: told what is being done, in plain words.
        look: sees every artifact of the images while its content is there; changes no fact.
        memory: of earlier runs; changes no fact either. `look` then sees only what is not known.
        references: the operator's stores of reference packages.

    Raises:
        IngestError: the delivery is not there or cannot be read.
        ReferenceStoreError: a store turns out to be damaged.
    """
    budget = Budget(limits)
    bench = bench or Bench(identification.InProcess(limits), Here())
    if memory is None:
        bench.prepare()  # it gets ready while the delivery is read
    progress("reading the delivery")
    ingested = ingestion.ingest(paths, limits, budget.deadline)
    delivery = ingested.delivery
    progress("checking signatures and checksums")
    carried = carried_keys(delivery.of(Role.KEY))
    authenticated = authentication.authenticate_delivery(delivery, carried, trust, at)
    authenticated.checksums.extend(authentication.confirm(expectation.checksums, delivery))
    inside = authentication.Inside(delivery, carried, trust, at, authenticated)
    walk = Walk(budget, memory.bench(bench) if memory else bench, progress, inside.check, look)
    open_image = partial(memory.image, walk, inside.met) if memory else walk.image
    for image in delivery.of(Role.IMAGE):
        open_image(image)
    walk.finish()
    if memory is not None:
        memory.keep(walk, inside.met)
    if references:
        progress("looking files up in reference packages")
        walk.clues += name_files(references, seen_files(walk), walk.clues)
    components = identification.conclude(walk.clues)
    documents, sbom_gaps = comparison.read_sboms(delivery.of(Role.SBOM))
    discrepancies, compare_gaps = comparison.compare(walk.inventory(components), documents)
    return freeze(
        walk, ingested, authenticated, trust, expectation, at, components, documents, discrepancies,
        (*sbom_gaps, *compare_gaps), tuple(sorted({one.digest for one in references})),
    )  # fmt: skip


def against(
    evidence: Evidence, approved: Evidence | None = None, release: ApprovedRelease | None = None,
    rollback: Evidence | None = None,
) -> Evidence:  # fmt: skip
    """Evidence held against the approved release, and beside the facts of the image to go back to.

    Args:
        evidence: of the delivery.
        approved: evidence of the approved release.
        release: what is known of it, where a baseline file says more than its evidence.
        rollback: facts of the image to go back to.
    """
    if approved is not None:
        known = release or approved_release(approved)
        evidence = replace(evidence, approved=known, changes=difference(approved, evidence))
    return replace(evidence, rollback=rollback) if rollback is not None else evidence


def verify(
    paths: Sequence[Path],
    *,
    policy: Policy,
    at: str,
    trust: TrustStore = EMPTY,
    expectation: Expectation = Expectation(),  # noqa: B008 - immutable
    limits: Limits = DEFAULT_LIMITS,
    bench: Bench | None = None,
    progress: Progress = lambda _: None,
    memory: Memory | None = None,
    references: Sequence[Store] = (),
    waivers: Sequence[GivenWaiver] = (),
    approved: Evidence | None = None,
    release: ApprovedRelease | None = None,
    rollback: Sequence[Path] = (),
) -> Assessment:
    """Facts, then judgement. Arguments as for `facts` and `against`; policy and waivers judge and change no fact.

    Args:
        rollback: the delivery to go back to; its facts are established alike.
    """

    def established(files: Sequence[Path], expected: Expectation, words: str) -> Evidence:
        return facts(
            files, at=at, trust=trust, expectation=expected, limits=limits, bench=bench,
            progress=lambda text: progress(words + text), memory=memory, references=references,
        )  # fmt: skip

    evidence = established(paths, expectation, "")
    old = established(rollback, going_back(expectation), "the way back: ") if rollback else None
    return judge(against(evidence, approved, release, old), policy, at, waivers)


def going_back(expectation: Expectation) -> Expectation:
    """What is expected of the image to go back to: vendor, product, device and the lowest version you accept."""
    return Expectation(
        vendor=expectation.vendor, product=expectation.product, device=expectation.device, source=expectation.source,
        minimum=expectation.minimum,
    )  # fmt: skip


def judge(evidence: Evidence, policy: Policy, at: str, waivers: Sequence[GivenWaiver] = ()) -> Assessment:
    """Judge evidence, fresh or stored. Pure."""
    verdict = evaluation.evaluate(policy, evidence, at, evidence_digest=identify(evidence), waivers=waivers)
    return Assessment(evidence, verdict)
