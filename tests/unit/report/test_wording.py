"""Which situation a delivery is in, and what the page then says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.model.artifact import ByteRange, Locator, Step
from fwverify.model.evidence import (
    ChecksumObservation,
    Gap,
    GapReason,
    KeyRecord,
    LedgerSpan,
    Opened,
    SignatureStatus,
)
from fwverify.model.expectation import Expectation
from fwverify.model.finding import Finding, Item, Level, Outcome
from fwverify.model.verdict import Assessment, Condition, Decision, SignedShare, Strength
from fwverify.report.interface import Context
from fwverify.report.wording import Words, words
from fwverify.report.wording_fail import FAILS
from fwverify.report.wording_open import OPEN

HERE = Context(command="'my file.bin'", policy="p.yaml", keys="keys")


def finding(rule: str, outcome: Outcome, message: str = "what was found", **more: object) -> Finding:
    items = (Item("s", "d", "f" * 64),) if outcome is Outcome.FAIL else ()
    return replace(Finding(rule, Level.MUST, Level.MUST, outcome, message, items), **more)


def failing(base: Assessment, *rules: str, strength: int = 4, **changes: object) -> Assessment:
    """The good assessment, failing these required rules, with these changes of its evidence."""
    verdict = replace(
        base.verdict, decision=Decision.FAIL, findings=tuple(finding(one, Outcome.FAIL) for one in rules),
        strength=Strength(strength, "WORDS", ""),
    )  # fmt: skip
    return Assessment(replace(base.evidence, **changes), verdict)


def open_(base: Assessment, *rules: str, strength: int = 0, **changes: object) -> Assessment:
    verdict = replace(
        base.verdict, decision=Decision.INCONCLUSIVE, strength=Strength(strength, "WORDS", ""),
        findings=tuple(finding(one, Outcome.NOT_EVALUATED, "there was nothing to judge") for one in rules),
    )  # fmt: skip
    return Assessment(replace(base.evidence, **changes), verdict)


def said(assessment: Assessment) -> Words:
    return words(assessment, HERE)


def commands(found: Words) -> list[str]:
    return [" ".join(one.command) for one in found.steps if one.command]


def test_changed_bytes(good: Assessment) -> None:
    """A signature that does not fit: changed or damaged, fetch again, then call."""
    detail = "does not verify under the one key on record that could fit: the bytes were changed"
    plain = good.evidence.signatures[0]
    broken = replace(plain, status=SignatureStatus.INVALID, keys=(), covers=(), detail=detail)
    found = said(failing(good, "signature.valid", "signature.coverage", "origin.strength", signatures=(broken,)))
    assert found.situation == "bytes do not fit the signature"
    assert found.why == (
        "The signature acme-ups.fit.sig does not fit acme-ups.fit. One of them was changed after signing, or damaged "
        "on the way.",
    )
    assert commands(found)[0].startswith("fwverify verify NEW-DOWNLOAD --policy p.yaml --keys keys")
    assert "number in your contract" in found.steps[-1].text


def test_signature_that_fails_for_another_reason(good: Assessment) -> None:
    """Nothing was changed: the page says what the scheme found instead."""
    plain = good.evidence.signatures[0]
    detail = "the default configuration evil is not signed by a key on record"
    broken = replace(plain, status=SignatureStatus.INVALID, keys=(), covers=(), source=plain.subject, detail=detail)
    found = said(failing(good, "signature.valid", "signature.coverage", "origin.strength", signatures=(broken,)))
    assert f"does not hold: {detail}." in found.why[0]
    assert "changed" not in found.why[0]


def test_another_vendors_key(good: Assessment) -> None:
    """An intact signature by a key pinned for somebody else."""
    other = replace(good.evidence.trust.keys[0], vendor="beta", id="beta-1", legal_name="Beta GmbH")
    signature = replace(good.evidence.signatures[0], keys=("beta/beta-1",))
    trust = replace(good.evidence.trust, keys=(*good.evidence.trust.keys, other))
    case = failing(good, "signature.signer-pinned", "signature.coverage", signatures=(signature,), trust=trust)
    case = replace(case, verdict=replace(case.verdict, signed=SignedShare(0, 9, (), 9, (other.fingerprint,), ())))
    found = said(case)
    assert found.situation == "another vendor's key"
    assert found.why[0].startswith("NOT from ACME as far as we can tell: the signature is intact, but the key is Beta")


def test_pinned_key_out_of_scope(good: Assessment) -> None:
    """The right vendor's key, refused: the rule's own words say why."""
    case = failing(good, "signature.signer-pinned")
    case = replace(case, verdict=replace(case.verdict, signed=SignedShare(0, 9, (), 9, (), ())))
    found = said(case)
    assert found.situation == "pinned key, not for this"
    assert "what was found" in found.why[0]


def test_no_keys_on_record(stranger: Assessment) -> None:
    """A signature and no registry: the page says that nothing is on record rather than whom it differs from."""
    empty = replace(stranger.evidence.trust, keys=(), source="")
    found = said(Assessment(replace(stranger.evidence, trust=empty), stranger.verdict))
    assert found.situation == "no keys on record"
    assert "you have no key on record" in found.why[0]
    assert "--keys DIR" in commands(found)[0]


def test_revoked_key_comes_before_everything(good: Assessment) -> None:
    """Whatever else failed, a withdrawn key is the first thing to know."""
    found = said(failing(good, "signature.revocation", "signature.signer-pinned", "component.undeclared"))
    assert found.situation == "key revoked"
    assert found.why[1] == "Besides, it holds what its parts list (SBOM) does not list."


@pytest.mark.parametrize("signed", [True, False])
def test_checksum_mismatch(good: Assessment, wrong_checksum: ChecksumObservation, signed: bool) -> None:
    """Names the file and the list, says whether the list is genuine, and shows both digests."""
    signature = replace(good.evidence.signatures[0], subject=wrong_checksum.declared_in)
    case = failing(good, "checksum.match", checksums=(wrong_checksum,), signatures=(signature,) if signed else ())
    found = said(case)
    assert found.situation == "bytes do not fit the checksum"
    state = "signed and intact" if signed else "unsigned"
    assert f"acme-ups.fit is not the file that SHA256SUMS lists ({state})." in found.why[0]
    assert len(found.steps[0].literal) == 2


def test_operator_checksum_mismatch(good: Assessment, wrong_checksum: ChecksumObservation) -> None:
    """A digest from the phone that does not fit says so with its channel."""
    given = replace(wrong_checksum, declared_in=None, channel="phone, J. Ortiz, 2026-10-03")
    found = said(failing(good, "checksum.match", checksums=(given,)))
    assert "whose checksum you were given (phone, J. Ortiz, 2026-10-03)" in found.why[0]


def test_unsigned_image_beside_signed(good: Assessment) -> None:
    """The unsigned image is named with its size."""
    bare = Locator((Step("recovery.bin"),))
    record = replace(good.evidence.artifacts[0], locator=bare, size=77)
    span = LedgerSpan(ByteRange(0, 77), bare, Opened.EXAMINED, "", 77, (), False)
    ledger = replace(good.evidence.ledger, spans=(*good.evidence.ledger.spans, (bare, (span,))))
    found = said(failing(good, "signature.coverage", artifacts=(*good.evidence.artifacts, record), ledger=ledger))
    assert found.situation == "unsigned image beside a signed one"
    assert "recovery.bin (77 bytes) is not: nobody vouches for it." in found.why[0]


def test_weak_origin(good: Assessment) -> None:
    """Only a checksum from the same place."""
    found = said(failing(good, "origin.strength", strength=1))
    assert found.situation == "origin too weak"
    assert found.why[0].startswith("Only a checksum vouches for this file, and it came with the file.")
    assert any("--sha256 HEX" in one for one in commands(found))


@pytest.mark.parametrize(
    ("rule", "situation"),
    [
        ("version.no-downgrade", "downgrade"),
        ("component.undeclared", "undeclared component"),
        ("component.version-mismatch", "version contradicts the SBOM"),
        ("component.hash-mismatch", "file contradicts the SBOM"),
        ("component.forbidden", "forbidden component"),
        ("secret.private-key", "secret in the image"),
        ("sbom.authentic", "SBOM not authentic"),
        ("sbom.schema", "SBOM unusable"),
        ("signature.known-test-key", "published test key"),
        ("signature.algorithm", "weak method"),
        ("package.limits", "package not sound"),
        ("site.own-rule", "rules failed"),
    ],
)
def test_each_failing_rule_has_its_situation(good: Assessment, rule: str, situation: str) -> None:
    """One failing rule, one row, at least two sentences and something to do."""
    found = said(failing(good, rule))
    assert found.situation == situation
    assert found.steps
    assert found.why[0].endswith(".")


def test_downgrade_names_both_versions(good: Assessment) -> None:
    """Installed and offered version stand in the first sentence."""
    case = failing(good, "version.no-downgrade")
    case = replace(case, verdict=replace(case.verdict, installed="3.1.0", version="3.0.2"))
    assert (
        said(case)
        .why[0]
        .startswith("It is ACME's file and unchanged, but it is older than what is installed: 3.1.0 -> 3.0.2.")
    )


def test_contents_that_fail_do_not_hide_whose_file_it_is(good: Assessment) -> None:
    """Genuine and unchanged is said first; and not said when it is not shown."""
    case = failing(good, "component.undeclared")
    assert said(case).why[0].startswith("It is ACME's file and unchanged, but the bytes hold")
    unsigned = replace(case, verdict=replace(case.verdict, signed=SignedShare(5, 9, ("acme/acme-fw-2024",), 0, (), ())))
    assert said(unsigned).why[0].startswith("The bytes hold")


def test_truncated(good: Assessment) -> None:
    """What could not be read is named, and the first thing to do is to fetch it again."""
    gap = Gap(GapReason.MALFORMED, good.evidence.artifacts[0].locator, "SquashFS: ends before its table at byte 4096")
    found = said(open_(good, "package.examined", "component.undeclared", gaps=(gap,), strength=4))
    assert found.situation == "truncated or damaged"
    assert "acme-ups.fit: SquashFS: ends before its table at byte 4096" in found.why[0]


@pytest.mark.parametrize(
    ("rules", "changes", "situation"),
    [
        (("signature.signer-pinned",), {"expectation": Expectation()}, "whose it should be was not said"),
        (("sbom.present",), {"sboms": ()}, "no SBOM"),
        (("signature.valid",), {"signatures": ()}, "nothing to compare with"),
        (("site.own-rule",), {}, "not evaluated"),
        ((), {}, "not evaluated"),
    ],
)
def test_each_missing_answer_has_its_situation(
    good: Assessment, rules: tuple[str, ...], changes: dict[str, object], situation: str
) -> None:
    """What was not said or did not come."""
    found = said(open_(good, *rules, **changes))
    assert found.situation == situation
    assert found.steps


def test_confirmed_but_not_signed(good: Assessment, wrong_checksum: ChecksumObservation) -> None:
    """What the phone call established is said, and what is still missing."""
    right = replace(wrong_checksum, declared_in=None, holds=True, channel="phone, J. Ortiz, 2026-10-03")
    case = open_(good, "signature.valid", signatures=(), checksums=(right,), strength=2)
    found = said(case)
    assert found.situation == "confirmed, but not signed"
    assert found.why[0].startswith(
        "It is the file whose checksum you were given (phone, J. Ortiz, 2026-10-03), and unchanged."
    )


def test_installed_version_not_given(good: Assessment) -> None:
    """The page tells which option is missing."""
    case = open_(good, "version.no-downgrade", strength=4)
    case = replace(case, verdict=replace(case.verdict, installed=""))
    found = said(case)
    assert found.situation == "installed version was not said"
    assert commands(found)[0].endswith("--installed VERSION")


def test_signature_that_could_not_be_checked(good: Assessment) -> None:
    """Unsupported is no sign of tampering, and is not called one."""
    one = replace(good.evidence.signatures[0], status=SignatureStatus.UNVERIFIABLE, detail="OpenPGP is not supported")
    found = said(open_(good, "signature.valid", signatures=(one,)))
    assert found.situation == "signature not checked"
    assert "OpenPGP is not supported. That is no sign of tampering." in found.why[0]


def test_a_checksum_can_be_enough(unknown: Assessment) -> None:
    """Under a policy that asks for 2 of 5 and no signature, the phone call can lead to a pass, and the page says so."""
    findings = (finding("origin.strength", Outcome.NOT_EVALUATED, expected="at least 2 of 5"),)
    found = said(replace(unknown, verdict=replace(unknown.verdict, findings=findings)))
    assert found.heading == "Do next (1 or 2 can lead to PASS; 3 only strengthens the record)"


def test_policy_that_fails_on_missing(unknown: Assessment) -> None:
    """FAIL without a failed rule explains itself."""
    found = said(replace(unknown, verdict=replace(unknown.verdict, decision=Decision.FAIL)))
    assert found.situation == "nothing to compare with"
    assert found.why[-1] == "Your policy counts what cannot be answered as failed."


def test_pass_without_sbom_claims_nothing_about_contents(good: Assessment) -> None:
    """No SBOM: whose and unchanged, and that the inside was not compared."""
    found = said(replace(good, evidence=replace(good.evidence, sboms=(), discrepancies=())))
    assert found.why == (
        "It is ACME's file, unchanged. What is inside was not compared: no parts list (SBOM) came with it.",
    )


def test_pass_with_unauthentic_sbom_says_so(good: Assessment) -> None:
    """The comparison counts for nothing when anybody could have written the SBOM."""
    findings = tuple(one for one in good.verdict.findings if one.rule != "sbom.authentic")
    found = said(replace(good, verdict=replace(good.verdict, findings=findings)))
    assert "a parts list (SBOM) that nobody vouches for" in found.why[0]


@pytest.mark.parametrize(
    ("strength", "start"),
    [
        (5, "It is ACME's file"),
        (3, "It is signed with the key you have for ACME, which nobody confirmed"),
        (2, "It is the file whose checksum you were given"),
        (0, "It meets your policy, which asks for no proof of who made it"),
    ],
)
def test_a_pass_never_says_more_than_its_strength(good: Assessment, strength: int, start: str) -> None:
    """Below rung 4 the page does not say whose file it is."""
    verdict = replace(good.verdict, strength=Strength(strength, "WORDS", ""))
    found = said(replace(good, verdict=verdict))
    assert found.why[0].startswith(start)
    assert ("It is ACME's file" in found.why[0]) == (strength >= 4)


def test_long_operand_becomes_a_placeholder(unknown: Assessment) -> None:
    """A suggested command is never cut in the middle of a path."""
    found = words(unknown, replace(HERE, command="x" * 200))
    assert "fwverify verify DELIVERY" in " ".join(commands(found))


def test_remedy_of_an_unexplained_rule_is_a_step(good: Assessment) -> None:
    """A failed rule that the first situation does not explain brings its own advice."""
    case = failing(good, "signature.revocation")
    other = finding("site.own-rule", Outcome.FAIL, remedy="Ask the site.")
    found = said(replace(case, verdict=replace(case.verdict, findings=(*case.verdict.findings, other))))
    assert found.steps[-1].text == "Ask the site."


def test_each_table_ends_with_a_row_for_everything() -> None:
    """No assessment is without words; names are distinct."""
    for table in (FAILS, OPEN):
        assert table[-1].explains == frozenset()
        assert len({one.name for one in table}) == len(table)


def test_no_text_calls_anybody_a_criminal(good: Assessment) -> None:
    """What is not known is not said: no page accuses."""
    pages = [said(failing(good, rule)) for table in FAILS for rule in sorted(table.explains)]
    text = " ".join(part for page in pages for part in (*page.why, *(one.text for one in page.steps)))
    assert not [word for word in ("attacker", "hacker", "malicious", "criminal") if word in text.lower()]


def test_keys_of_the_expected_vendor_only(good: Assessment) -> None:
    """`On record` speaks of keys that could have signed this."""
    from fwverify.report.reading import on_record, read

    other: KeyRecord = replace(good.evidence.trust.keys[0], vendor="beta", fingerprint="ab" * 32)
    evidence = replace(good.evidence, signatures=(), trust=replace(good.evidence.trust, keys=(other,)))
    assert on_record(read(Assessment(evidence, good.verdict))) == ()


def test_theirs_is_typed_and_ours_only_compared(unknown: Assessment) -> None:
    """The digest stands below the command, never in it: who pastes ours confirms nothing."""
    step = said(unknown).steps[1]
    assert "Do not read out ours." in step.text
    assert "--sha256 HEX" in " ".join(step.command)
    assert step.literal == ()
    assert step.then[0] == "Ours, to compare:"
    assert "".join(step.then[1:-1]).replace(" ", "") == unknown.evidence.artifacts[0].digests[0].hex
    assert step.then[-1] == "If it differs: do not install it, report it."


def test_several_digests_are_named(unknown: Assessment) -> None:
    """Two images, two digests, each below its name."""
    first = unknown.evidence.artifacts[0]
    other = replace(first, locator=Locator((Step("boot.bin"),)))
    found = said(replace(unknown, evidence=replace(unknown.evidence, artifacts=(first, other))))
    assert [one for one in found.steps[1].then if one.endswith(".bin:")] == ["12s7p.bin:", "boot.bin:"]


def test_pinning_repeats_what_is_known(good: Assessment, unknown: Assessment) -> None:
    """The command to pin a key names vendor, product and registry where they are known."""
    known = words(open_(good, "signature.valid", signatures=()), HERE)
    assert "--vendor acme --product UPS" in " ".join(known.steps[0].command)
    assert known.steps[0].command[-1] == "--by YOU --keys keys"
    blank = words(unknown, Context())
    assert "--vendor V --product P" in " ".join(blank.steps[0].command)
    assert "verify again with --keys keys:" in blank.steps[0].text


def test_one_step_is_not_called_enough_when_it_is_not(unknown: Assessment) -> None:
    """A signature settles who made it; what nobody examined stays open."""
    assert said(unknown).heading == "Do next (1 is needed for PASS, not enough; 2 and 3 only strengthen the record)"
    findings = tuple(one for one in unknown.verdict.findings if "unexamined" not in one.expected)
    found = said(replace(unknown, verdict=replace(unknown.verdict, findings=findings)))
    assert found.heading == "Do next (1 can lead to PASS; 2 and 3 only strengthen the record)"


@pytest.mark.parametrize(("source", "words_"), [("builtin:x", "fwverify's own builtin:x"), ("p.yaml", "here p.yaml")])
def test_who_decides_has_a_name(unknown: Assessment, source: str, words_: str) -> None:
    """`The owner of your policy` is nobody; the policy is."""
    found = said(replace(unknown, verdict=replace(unknown.verdict, policy_source=source)))
    assert f"{words_}) decides, not this tool." in found.steps[2].text


def test_unjudged_rules_have_a_reason(good: Assessment) -> None:
    """By topic and by reason; `known-test-key` is about what lies inside, whatever its name says."""
    from fwverify.report.reading import read
    from fwverify.report.rule_lists import unjudged

    share = "at most 0 % unexamined"
    findings = (
        finding("signature.valid", Outcome.NOT_EVALUATED),
        finding("signature.known-test-key", Outcome.NOT_EVALUATED, expected=share),
        finding("secret.private-key", Outcome.NOT_EVALUATED, expected=share),
        finding("site.own", Outcome.NOT_EVALUATED),
    )
    crashed = replace(findings[1], expected="")
    image, spans = good.evidence.ledger.spans[0]
    short = replace(good.evidence.ledger, spans=((image, spans[:1]),))
    verdict = replace(good.verdict, findings=findings, signed=SignedShare(0, 9, (), 0, (), ()))
    case = Assessment(replace(good.evidence, ledger=short), verdict)
    assert unjudged(read(case)) == (
        " Not judged without an accepted signature: 1 about the signature; because 13,312 bytes were not examined: "
        "1 about test keys, 1 about secrets; for other reasons: 1 about other things (names: -v)."
    )
    only = replace(case, verdict=replace(verdict, findings=findings[3:]))
    assert unjudged(read(only)) == " Not judged: 1 about other things (names: -v)."
    odd = replace(case, verdict=replace(verdict, findings=(crashed,)))
    assert unjudged(read(odd)) == " Not judged: 1 about test keys (names: -v)."
    assert unjudged(read(good)) == ""


def test_pass_knows_what_to_fall_back_on_and_whom_to_call(good: Assessment) -> None:
    """However many conditions there are, these two stand at the end."""
    many = tuple(Condition(f"Condition {number}.") for number in range(20))
    known = said(Assessment(good.evidence, replace(good.verdict, conditions=many))).know
    assert known[-3] == "And 14 more things to know: -v."
    assert known[-2].startswith("Keep a copy of what is installed now (3.0.2):")
    assert known[-1] == "Questions? Call ACME on the number in your contract, not one from this delivery."


def test_not_proven_never_doubts_what_is_proven(good: Assessment, unknown: Assessment) -> None:
    """An open question about contents does not put the maker in doubt."""
    assert "who made it" in said(unknown).not_proven
    assert "who made it" not in said(open_(good, "component.undeclared", strength=4)).not_proven
