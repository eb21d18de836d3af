"""Why an intact signature does not count: another vendor's key, a key or identity that nobody pinned, a pinned key that
is not for this. Rows of the table in `report.wording_fail`; wording as there.

Each text begins with what the reader came for: whose file this is not, as far as can be told. `The signature is intact`
alone sounds like good news.
"""

from __future__ import annotations

from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.report import reading as r
from fwverify.report.figures import blocks, full_blocks, of_whom
from fwverify.report.interface import Context
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading
from fwverify.report.situation import (
    Situation,
    Step,
    again,
    ask,
    failing,
    keep_as_evidence,
    list_keys,
    message,
    vendor,
)

KEYS_HELP = ("fwverify keys add --help",)
IDENTITY_LIMIT = 200
"""Characters of an identity that is to be compared letter by letter."""


def _not_theirs(reading: Reading) -> str:
    return f"NOT from {vendor(reading)} as far as we can tell: the signature is intact, but"


def _foreign(reading: Reading) -> str:
    """Name of the other vendor whose key made a valid signature; empty when there is none."""
    wanted = r.expected_vendor(reading)
    for one in r.refused(reading):
        for name in one.keys:
            record = r.key(reading, name)
            if record is not None and wanted and record.vendor != wanted:
                return record.legal_name or record.vendor
    return ""


def _foreign_why(reading: Reading) -> str:
    return (
        f"{_not_theirs(reading)} the key is {of_whom(_foreign(reading))}. The key of one vendor never speaks for "
        "another."
    )


def _foreign_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        keep_as_evidence(reading),
        Step("Check that you named the right vendor and product: --vendor, --product."),
        ask(reading, f"Ask whether {_foreign(reading)} may sign for them. Only a yes in writing counts."),
        Step("If they say yes: have two people pin that key for this vendor, then verify again.", command=KEYS_HELP),
    )


def _scope_applies(reading: Reading) -> bool:
    return reading.fails("signature.signer-pinned") and any(
        one.status is SignatureStatus.VALID for one in r.refused(reading)
    )


def _scope_why(reading: Reading) -> str:
    return (
        f"The signature does not count: it is intact and its key is on your record, but not good enough for this: "
        f"{message(reading, 'signature.signer-pinned')}."
    )


def _scope_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        keep_as_evidence(reading),
        Step("Look at what your record says about this key.", command=list_keys(context)),
        ask(reading, "Have them confirm the key and what it may sign; record who confirmed it, how and when."),
        Step("Then verify again.", command=again(reading, context)),
    )


def _identified(reading: Reading) -> SignatureObservation | None:
    """The intact signature by an identity (Sigstore) nobody pinned; none where another kind of signature came too.

    Its certificate's key lives for minutes: no fingerprint of it is to be read out or pinned.
    """
    found = r.refused(reading)
    return found[0] if found and all(one.identity and not one.keys for one in found) else None


def _identity_applies(reading: Reading) -> bool:
    failed = reading.fails("sigstore.identity") or reading.fails("signature.signer-pinned")
    return failed and _identified(reading) is not None


def _identity_why(reading: Reading) -> str:
    return f"{_not_theirs(reading)} who signed is not on your record. Nothing shows that they may sign for the vendor."


def _identity_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    one = _identified(reading)
    seen = (shortened(one.identity, IDENTITY_LIMIT), f"issuer {shortened(one.issuer, IDENTITY_LIMIT)}") if one else ()
    return (
        keep_as_evidence(reading),
        Step(
            f"{ask(reading, 'Have them read out the identity and issuer').text} that sign their releases. Do not read "
            "them the lines below first, or they may just say yes. Compare every letter:",
            literal=seen,
        ),
        _same_or_not("", "letter", "it"),
    )


def _same_or_not(what: str, unit: str, pinned: str) -> Step:
    differs = f"If it differs from {what} (even in one {unit})" if what else f"If it differs, even in one {unit}"
    return Step(
        f"{differs}: treat this as an incident. If it is the same: have two people pin {pinned} "
        "(fwverify keys add --help), then verify again."
    )


def _stranger_print(reading: Reading) -> str:
    return next((one.fingerprint for one in r.refused(reading) if one.fingerprint), "")


def _carried(reading: Reading) -> bool:
    return reading.fails("signature.signer-pinned") and any(one.carried for one in r.refused(reading))


def _carried_why(reading: Reading) -> str:
    return (
        f"{_not_theirs(reading)} its key is not on your record. The key came inside this package, so anybody could "
        "have made the key and the signature."
    )


def _stranger_why(reading: Reading) -> str:
    if r.refused(reading):
        return f"{_not_theirs(reading)} its key is not on your record. Nothing shows whose key it is."
    who = vendor(reading)
    return f"NOT from {who} as far as we can tell: no signature here is from a key on your record for {who}."


def _stranger_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    came = _stranger_print(reading)
    read = "Have them read out the fingerprint (SHA-256) of their signing key"
    if not came:
        last = Step("Have two people pin it, then verify a delivery that it signed.", command=KEYS_HELP)
        return keep_as_evidence(reading), ask(reading, f"{read}."), last
    return (
        keep_as_evidence(reading),
        Step(
            f"{ask(reading, read).text}. Do not read them the digits below first, or they may just say yes. "
            "Compare every digit of the key that came:",
            literal=full_blocks(came),
        ),
        _same_or_not(blocks(came), "digit", "it"),
    )


SIGNER = frozenset({"signature.signer-pinned", "signature.coverage", "origin.strength", "sigstore.identity",
                    "signature.present", "checksum.channel", "sbom.authentic"})  # fmt: skip
"""Rules that fail with the signer: who is not known vouches for nothing, the SBOM included."""

SIGNERS: tuple[Situation, ...] = (
    Situation("another vendor's key", SIGNER, "the key is another vendor's",
              lambda one: one.fails("signature.signer-pinned") and bool(_foreign(one)),
              _foreign_why, _foreign_steps),
    Situation("unknown identity", SIGNER, "the signer is not on your record",
              _identity_applies, _identity_why, _identity_steps),
    Situation("unknown key, carried in the package", SIGNER, "the signer is not on your record",
              _carried, _carried_why, _stranger_steps),
    Situation("pinned key, not for this", SIGNER, "the key does not count here",
              _scope_applies, _scope_why, _scope_steps),
    Situation("unknown key", SIGNER, "the signer is not on your record",
              failing("signature.signer-pinned", "sigstore.identity"), _stranger_why, _stranger_steps),
)  # fmt: skip
"""In order."""
