"""Why a delivery could not be judged, and what would settle it: one row a situation.

Inconclusive is no accusation and no comfort: each text says what is missing, that this is no sign of tampering where
that is so, and which step can lead to a pass.
"""

from __future__ import annotations

import re

from fwverify.model.evidence import Gap, GapReason
from fwverify.report import reading as r
from fwverify.report.figures import PARTS_LIST, listed
from fwverify.report.interface import Context
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading
from fwverify.report.situation import (
    Situation,
    Step,
    again,
    call,
    has_nothing,
    keep,
    list_keys,
    message,
    missing,
    operand,
    owner,
    pin,
    place,
    read_out,
    unread_share,
    vendor,
)
from fwverify.report.wording_time import OUT_OF_TIME

DETAIL_LIMIT = 100
"""Characters of a reason on the first page; the whole is under -v."""


def needed_strength(reading: Reading) -> int:
    """The least origin strength the policy asks for, as the rule states it; 0 when it does not say."""
    found = reading.finding("origin.strength")
    digits = re.findall(r"[0-5]", found.expected) if found is not None else []
    return int(digits[0]) if digits else 0


def signature_required(reading: Reading) -> bool:
    """True when a required rule can only be met by a signature."""
    return any(one.rule.startswith(("signature.", "sigstore.")) for one in (*reading.missing, *reading.failed))


def checksum_suffices(reading: Reading) -> bool:
    return not signature_required(reading) and needed_strength(reading) <= 2


def _nothing_heading(reading: Reading) -> str:
    either = checksum_suffices(reading)
    which, rest = ("1 or 2", "3 only strengthens") if either else ("1", "2 and 3 only strengthen")
    more = any("unexamined" in one.expected for one in reading.missing)
    leads = "is needed for PASS, not enough" if more else "can lead to PASS"
    return f"Do next ({which} {leads}; {rest} the record)"


def _nothing_why(reading: Reading) -> str:
    return (
        "Nothing here shows who made this file or whether it was changed. That is no sign of tampering: no signature "
        "fwverify knows and no checksum came with it."
    )


def _no_method(reading: Reading) -> Step:
    needed = needed_strength(reading)
    policy = shortened(reading.verdict.policy_id, 30)
    asks = f"{policy} needs {needed} of 5, so " if needed else ""
    if needed < 3 and signature_required(reading):
        asks = f"{policy} asks for a signature, so "
    if reading.held("origin.no-method"):
        return Step(
            "Their answer, that they have no method, is on record. What that leaves open two people may waive for a "
            f"time (fwverify waiver new --help); {asks}{owner(reading)} decides, not this tool."
        )
    return Step(
        f"If they have no method: record their dated answer (--no-method FILE); {asks}{owner(reading)} decides, not "
        "this tool."
    )


def _ask_signature(reading: Reading, context: Context, first: str) -> Step:
    given = context.keys or reading.evidence.trust.source
    again_with = "" if given else " with --keys keys"
    return Step(
        f"{first}{call(reading)} Ask for a signature and its key. Pin the key, then verify again{again_with}:",
        command=pin(reading, context),
    )


def _nothing_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        _ask_signature(reading, context, ""),
        read_out(reading, context),
        _no_method(reading),
    )


def _no_keys(reading: Reading) -> bool:
    return bool(reading.evidence.signatures) and not reading.evidence.trust.keys


def no_keys_applies(reading: Reading) -> bool:
    """A signature came, and the operator pinned no key at all."""
    signer = "signature.signer-pinned"
    return _no_keys(reading) and (reading.lacks(signer) or reading.fails(signer) or reading.lacks("signature.valid"))


def no_keys_why(reading: Reading) -> str:
    carried = any(one.carried for one in reading.evidence.signatures)
    second = (
        "The key that fits came inside this package, so anybody could have made the key and the signature."
        if carried
        else "Nothing shows whose signature it is."
    )
    return f"It carries a signature, but you have no key on record to compare it with. {second}"


def no_keys_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    """How to get a key on record."""
    return (
        Step(
            f"{keep(reading)} If you have keys on record, name their folder:",
            command=again(reading, context, "--keys DIR"),
        ),
        Step(f"{call(reading)} Have them read out the fingerprint (SHA-256) of their signing key."),
        Step("Have two people pin it, each with the way it was learned.", command=pin(reading, context)),
    )


def _unchecked(reading: Reading) -> bool:
    return bool(r.unchecked(reading)) and (reading.lacks("signature.valid") or reading.lacks("signature.signer-pinned"))


def _unchecked_why(reading: Reading) -> str:
    one = r.unchecked(reading)[0]
    detail = shortened(one.detail.rstrip("."), DETAIL_LIMIT)
    return f"The signature {place(one.source)} could not be checked: {detail}. That is no sign of tampering."


def _unchecked_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        Step(f"{keep(reading)} See what each signature needs.", command=again(reading, context, "-v")),
        Step(f"{call(reading)} Ask which key signs, and have it read out; pin it, verify again."),
        read_out(reading, context),
    )


_DAMAGE = (GapReason.MALFORMED, GapReason.LIMIT, GapReason.CRASHED, GapReason.MISSING)


def damage(reading: Reading) -> tuple[Gap, ...]:
    """What could not be read although its format is known."""
    return tuple(one for one in reading.evidence.gaps if one.reason in _DAMAGE)


def _unread_rules(reading: Reading) -> bool:
    families = ("package.", "component.", "secret.", "sbom.", "checksum.")
    return any(one.rule.startswith(families) for one in reading.missing)


def _damaged_why(reading: Reading) -> str:
    one = damage(reading)[0]
    detail = shortened(one.detail.rstrip("."), DETAIL_LIMIT)
    return (
        f"Part of it could not be read: {place(one.locator)}: {detail}. Nobody looked at what should be there, so no "
        "PASS can be given."
    )


def _damaged_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        Step(f"{keep(reading)} Fetch it again and compare sizes; a broken download looks like this.",
             command=again(reading, context)),
        Step("Still so? See everything that could not be read.", command=again(reading, context, "-v")),
        Step(f"{call(reading)} Tell them what could not be read, and ask for the whole file."),
    )  # fmt: skip


def _unexamined(reading: Reading) -> bool:
    sums = r.opened(reading)
    return _unread_rules(reading) and sums.counted < sums.total


def _unexamined_why(reading: Reading) -> str:
    if r.programs(reading):
        reason = "fwverify does not analyse machine code"
    elif any(one.reason is GapReason.ENCRYPTED for one in reading.evidence.gaps):
        reason = "They are encrypted"
    else:
        reason = "Their format is not known"
    return f"{unread_share(reading)}. {reason}, so what the policy asks about its contents stays open."


def _unexamined_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        Step(f"{keep(reading)} See which parts.", command=("fwverify", "inspect", operand(reading, context))),
        Step(f"{call(reading)} Ask what is in them, and for a form that can be opened."),
        Step(f"If they have none: {owner(reading)} decides, not this tool."),
    )


def _confirmed(reading: Reading) -> bool:
    return not reading.evidence.signatures and reading.verdict.strength.value == 2


def _confirmed_why(reading: Reading) -> str:
    channels = [one.channel for one in r.confirmed_checksums(reading) if one.channel]
    by = f" ({listed(channels, 1)})" if channels else ""
    return (
        f"It is the file whose checksum you were given{by}, and unchanged. But nobody signed it, and your policy asks "
        "for more than a checksum."
    )


def _confirmed_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        _ask_signature(reading, context, f"{keep(reading)} "),
        _no_method(reading),
    )


def _whose(reading: Reading) -> bool:
    stated = reading.evidence.expectation
    if not any(one.keys for one in reading.evidence.signatures):
        return False
    return reading.lacks("signature.signer-pinned") and not (stated.vendor and stated.product)


def _whose_why(reading: Reading) -> str:
    names = sorted({name for one in r.refused(reading) for name in one.keys} | set(reading.verdict.signed.by))
    by = f" It is signed by {listed(names, 2)}." if names else ""
    return f"You did not say whose file this should be, so no signer can be the right one.{by}"


def _whose_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        Step("Say what you ordered, not what the file says; then verify again:",
             command=again(reading, context, "--vendor VENDOR", "--product PRODUCT")),
        Step("The names are those of your key registry.", command=list_keys(context)),
    )  # fmt: skip


def _installed(reading: Reading) -> bool:
    return reading.lacks("version.no-downgrade") and not reading.verdict.installed


def _installed_why(reading: Reading) -> str:
    return (
        "You did not say which version is installed now, so whether this is an upgrade or an old release is not known. "
        "Genuine old files are used in attacks."
    )


def _installed_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        Step("Read the version off the device, then verify again:",
             command=again(reading, context, "--installed VERSION")),
    )  # fmt: skip


def _no_sbom(reading: Reading) -> bool:
    return not reading.evidence.sboms and any(one.rule.startswith(("sbom.", "component.")) for one in reading.missing)


def _no_sbom_why(reading: Reading) -> str:
    return (
        f"No {PARTS_LIST} came with it, so nothing says what should be inside. Your policy asks for one; that is no "
        "sign of tampering."
    )


def _no_sbom_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        Step(f"Ask {vendor(reading)} for the SBOM of this release (CycloneDX), signed or in their signed list."),
        Step("Put it beside the image and verify again.", command=again(reading, context)),
    )


def _no_version(reading: Reading) -> bool:
    return reading.lacks("version.no-downgrade") or reading.lacks("version.minimum")


def _no_version_why(reading: Reading) -> str:
    said = message(reading, "version.no-downgrade", "version.minimum")
    return f"Its version could not be compared: {said}. So an old release cannot be told from a new one."


def _generic_why(reading: Reading) -> str:
    said = [one.message.rstrip(".") for one in reading.missing if one.message][:2]
    if said:
        return "Not everything that your policy asks could be answered: " + "; ".join(said) + "."
    return "No required rule about signature, checksum or origin passed, so nothing earns a PASS."


def _generic_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    own = tuple(Step(one.remedy) for one in reading.missing if one.remedy)[:3]
    return own or (Step(f"{keep(reading)} See what was not evaluated and why.", command=again(reading, context, "-v")),)


_ORIGIN = frozenset({
    "signature.valid", "signature.signer-pinned", "signature.coverage", "signature.present", "origin.strength",
    "signature.algorithm", "signature.revocation", "signature.known-test-key", "checksum.match", "checksum.strength",
    "checksum.channel", "sigstore.identity", "sbom.authentic",
})  # fmt: skip
_CONTENTS = frozenset({
    "package.examined", "package.opaque", "package.identified", "package.trailing-data", "component.examined",
    "component.undeclared", "component.forbidden", "component.version-mismatch", "component.hash-mismatch",
    "secret.private-key", "secret.default-password", "signature.known-test-key", "checksum.inner",
})  # fmt: skip
_SBOM = frozenset({"sbom.present", "sbom.schema", "sbom.subject", "sbom.authentic", "component.undeclared",
                   "component.version-mismatch", "component.hash-mismatch", "component.absent"})  # fmt: skip
_VERSION = frozenset({"version.no-downgrade", "version.minimum"})

NO_KEYS = Situation("no keys on record", _ORIGIN, "you have no key on record", no_keys_applies, no_keys_why,
                    no_keys_steps)  # fmt: skip

OPEN: tuple[Situation, ...] = (
    Situation("nothing to compare with", _ORIGIN | _SBOM | _VERSION, "nothing shows who made it",
              lambda one: has_nothing(one) and one.verdict.strength.value == 0, _nothing_why, _nothing_steps,
              _nothing_heading),
    Situation("confirmed, but not signed", _ORIGIN, "nobody signed it", _confirmed, _confirmed_why, _confirmed_steps),
    NO_KEYS,
    OUT_OF_TIME,
    Situation("signature not checked", _ORIGIN, "a signature could not be checked", _unchecked, _unchecked_why,
              _unchecked_steps),
    Situation("truncated or damaged", _CONTENTS | _SBOM, "part of it could not be read",
              lambda one: bool(damage(one)) and _unread_rules(one), _damaged_why, _damaged_steps),
    Situation("whose it should be was not said", _ORIGIN, "you did not say whose file it should be", _whose,
              _whose_why, _whose_steps),
    Situation("installed version was not said", _VERSION, "you did not say which version is installed", _installed,
              _installed_why, _installed_steps),
    Situation("no SBOM", _SBOM, f"no {PARTS_LIST} came with it", _no_sbom, _no_sbom_why, _no_sbom_steps),
    Situation("not all of it was examined", _CONTENTS, "part of it was not examined", _unexamined, _unexamined_why,
              _unexamined_steps, besides=unread_share),
    Situation("no signature", _ORIGIN, "nobody signed it",
              lambda one: missing("signature.valid")(one) and not one.evidence.signatures,
              lambda _: "No signature came with it, so nothing shows who made it. A checksum alone tells only of "
              "damage, unless it reached you another way.",
              _nothing_steps, _nothing_heading),
    Situation("version not comparable", _VERSION, "its version could not be compared", _no_version, _no_version_why,
              _generic_steps),
    Situation("not evaluated", frozenset(), "", lambda _: True, _generic_why, _generic_steps),
)  # fmt: skip
"""In order: the first that applies writes the page, the others are named on it."""
