"""Why a delivery failed, and what to do then: one row a situation, the gravest first.

Written for somebody who has never heard of certificates: says what was seen, what it means, whom to call and on which
number. It never says that anybody meant harm; that is not known.
"""

from __future__ import annotations

from fwverify.report import reading as r
from fwverify.report.figures import NAME_LIMIT, blocks, count, listed, spoken
from fwverify.report.interface import Context
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading
from fwverify.report.situation import (
    Situation,
    Step,
    ask,
    call,
    failing,
    fetch_again,
    keep,
    keep_as_evidence,
    message,
    owner,
    pin,
    place,
    read_out,
)
from fwverify.report.wording_contents import CONTENTS
from fwverify.report.wording_signer import KEYS_HELP, SIGNER, SIGNERS
from fwverify.report.wording_terms import TERMS


def _incident(reading: Reading) -> Step:
    return Step(f"Still so? {call(reading)} Until they explain it, treat this as an incident.")


def _fetch_and_call(reading: Reading, context: Context) -> tuple[Step, ...]:
    return keep_as_evidence(reading), fetch_again(reading, context), _incident(reading)


# A key that must not be believed


def _revoked_why(reading: Reading) -> str:
    said = message(reading, "signature.revocation")
    return (
        f"The signature fits, but its key is withdrawn: {said.partition(': ')[2] or said}. "
        "Whoever has that key can sign anything, so its signature proves nothing."
    )


def _new_key_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        keep_as_evidence(reading),
        ask(reading, "Ask which key signs now, and for this release signed with it."),
        Step("Have two people pin the new key, then verify the new delivery.", command=KEYS_HELP),
    )


def _test_key_why(reading: Reading) -> str:
    return (
        f"A published test key takes part: {message(reading, 'signature.known-test-key')}. Its secret half can be "
        "downloaded by anybody, so it keeps nobody out."
    )


# Bytes that do not fit


CHANGED = ("does not verify", "was changed", "were changed", "it does not fit", "is not the signed one")
"""Words of a scheme's reason that mean: these bytes are not the ones that were signed."""
LONG = 220
"""Characters of a reason that the page quotes."""


def _broken_why(reading: Reading) -> str:
    found = r.broken(reading)
    if not found:
        return f"A signature does not hold: {message(reading, 'signature.valid')}. Nothing it covers can be relied on."
    one = found[0]
    inside = one.subject == one.source or one.subject is None
    what = f"The signature in {place(one.source)}" if inside else f"The signature {place(one.source)}"
    target = "its bytes" if inside else place(one.subject)
    if not any(words in one.detail for words in CHANGED):
        reason = shortened(one.detail.rstrip("."), LONG)
        return f"{what} does not hold: {reason}. What it should vouch for is vouched for by nobody."
    return f"{what} does not fit {target}. One of them was changed after signing, or damaged on the way."


def _mismatch_why(reading: Reading) -> str:
    one = r.wrong_checksums(reading)[0]
    name = place(one.subject)
    if one.declared_in is None:
        channel = f" ({one.channel})" if one.channel else ""
        return (
            f"{name} is not the file whose checksum you were given{channel}. It was changed or damaged, or the "
            "checksum was for another release."
        )
    state = "signed and intact" if r.signed_list(reading, one) else "unsigned"
    return (
        f"{name} is not the file that {place(one.declared_in)} lists ({state}). It was changed after the list was "
        "made, or damaged on the way."
    )


def _mismatch_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    one = r.wrong_checksums(reading)[0]
    computed = one.computed.hex if one.computed is not None else ""
    name = one.declared.algorithm.upper().replace("SHA", "SHA-", 1)
    both = f"{name} should be {blocks(one.declared.hex)} ...", f"{name} is {blocks(computed)} ..."
    first = Step(keep_as_evidence(reading).text, both)
    return first, fetch_again(reading, context), _incident(reading)


def _unlisted_why(reading: Reading) -> str:
    return (
        f"There is a checksum list, but it does not stand for all of this: {message(reading, 'checksum.match')}. "
        "A file was added, or the list is that of another release."
    )


# Signed, but not all of it


def _bare(reading: Reading) -> bool:
    return reading.fails("signature.coverage") and bool(r.bare_images(reading))


def _bare_why(reading: Reading) -> str:
    found = r.bare_images(reading)
    names = listed([one.locator.name for one in found])
    size = count(sum(one.size for one in found))
    verb = "is" if len(found) == 1 else "are"
    return (
        f"Part of this delivery is signed, but {names} ({size} bytes) {verb} not: nobody vouches for it. It would be "
        "installed with the rest."
    )


def _coverage_why(reading: Reading) -> str:
    signed = reading.verdict.signed
    parts = f" Not signed: {listed([spoken(one) for one in signed.uncovered])}." if signed.uncovered else ""
    rest = count(signed.total_bytes - signed.signed_bytes)
    return f"No pinned key vouches for {rest} of the bytes that would be installed.{parts} They could be anybody's."


def _bare_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        keep_as_evidence(reading),
        ask(reading, "Ask whether these bytes are theirs, and for a delivery whose signature covers all of it."),
        Step("Verify the new delivery whole; do not delete the unsigned part to get a PASS."),
    )


# Right maker, wrong release


def _downgrade_why(reading: Reading) -> str:
    verdict = reading.verdict
    change = f": {verdict.installed} -> {verdict.version}" if verdict.installed and verdict.version else ""
    return (
        f"It is older than what is installed{change}. An old release brings its known weaknesses back, which is why "
        "genuine old files are used in attacks."
    )


def _downgrade_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    installed = shortened(reading.verdict.installed, NAME_LIMIT) or "the version you stated"
    return (
        Step(f"{keep(reading)} Check on the device that {installed} is what is installed."),
        ask(reading, "Ask for the newest release, and verify that."),
        Step(f"If going back is meant: {owner(reading)} decides and records it, not this tool."),
    )


def _minimum_why(reading: Reading) -> str:
    return f"Its version is below the least your policy allows: {message(reading, 'version.minimum')}. It is too old."


# Too weak, or not sound


WEAK = {
    0: "Nothing shows who made this file or whether it was changed. Your policy does not accept that.",
    1: "Only a checksum vouches for this file, and it came with the file. Whoever changes one changes both.",
    2: "The file is the one whose checksum you were given, but nobody signed it. Your policy asks for a signature.",
    3: "It is signed with a key that nobody confirmed over a second way. Your policy asks for a confirmed key.",
}


def _weak_why(reading: Reading) -> str:
    return WEAK.get(
        reading.verdict.strength.value, f"{message(reading, 'origin.strength')}. Your policy asks for more."
    )


def _weak_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    steps = [Step(f"{keep_as_evidence(reading).text}")]
    if reading.verdict.strength.value == 3:
        steps.append(ask(reading, "Have them read out the fingerprint (SHA-256) of their signing key."))
        steps.append(Step("Record it as a second confirmation (--confirm), then verify again.", command=KEYS_HELP))
        return tuple(steps)
    steps.append(
        Step(f"{call(reading)} Ask for a signature and its key. Pin it, verify again:", command=pin(reading, context))
    )
    if reading.verdict.strength.value < 2:
        steps.append(read_out(reading, context))
    return tuple(steps)


def _algorithm_why(reading: Reading) -> str:
    return (
        f"The signature uses a method that is too weak today: {message(reading, 'signature.algorithm')}. "
        "Such signatures can be forged."
    )


def _algorithm_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return keep_as_evidence(reading), ask(reading, "Ask for the release signed with a current method.")


PACKAGE = (
    "package.identified", "package.examined", "package.limits", "package.opaque", "package.duplicate-members",
    "package.trailing-data", "component.examined",
)  # fmt: skip


def _package_why(reading: Reading) -> str:
    return (
        f"The package is not built the way a sound one is: {message(reading, *PACKAGE)}. What was not understood "
        "could hold anything."
    )


def _generic_why(reading: Reading) -> str:
    said = [one.message.rstrip(".") for one in reading.failed if one.message][:2]
    return ". ".join(said) + "." if said else "Rules that your policy requires failed; they are named below."


def _generic_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    own = [Step(one.remedy) for one in reading.failed if one.remedy][:2]
    return keep_as_evidence(reading), *own, ask(reading, "Tell them which rules failed; ask for a corrected release.")


_BYTES = frozenset({"signature.valid", "signature.coverage", "origin.strength", "checksum.match", "checksum.inner",
                    "signature.signer-pinned", "signature.present", "sbom.authentic"})  # fmt: skip

FAILS: tuple[Situation, ...] = (
    Situation("key revoked", SIGNER | {"signature.revocation"}, "its key is withdrawn",
              failing("signature.revocation"), _revoked_why, _new_key_steps),
    Situation("bytes do not fit the signature", _BYTES, "a signature does not hold",
              failing("signature.valid"), _broken_why, _fetch_and_call),
    Situation("bytes do not fit the checksum", _BYTES, "a checksum does not fit",
              lambda one: one.fails("checksum.match") and bool(r.wrong_checksums(one)), _mismatch_why,
              _mismatch_steps),
    Situation("published test key", SIGNER | {"signature.known-test-key"}, "a published test key takes part",
              failing("signature.known-test-key"), _test_key_why, _new_key_steps),
    *SIGNERS,
    Situation("unsigned image beside a signed one",
              frozenset({"signature.coverage", "origin.strength", "checksum.match"}),
              "an image is not signed", _bare, _bare_why, _bare_steps),
    Situation("not all bytes signed", frozenset({"signature.coverage", "origin.strength"}),
              "not all of it is signed", failing("signature.coverage"), _coverage_why, _bare_steps),
    Situation("file in no list", _BYTES, "a file is in no checksum list",
              failing("checksum.match"), _unlisted_why, _fetch_and_call),
    *TERMS,
    Situation("downgrade", frozenset({"version.no-downgrade"}), "it is older than what is installed",
              failing("version.no-downgrade"), _downgrade_why, _downgrade_steps),
    Situation("below the minimum version", frozenset({"version.minimum"}), "its version is too old",
              failing("version.minimum"), _minimum_why, _downgrade_steps),
    *CONTENTS,
    Situation("weak method", frozenset({"signature.algorithm", "checksum.strength"}), "the method is too weak",
              failing("signature.algorithm"), _algorithm_why, _algorithm_steps),
    Situation("origin too weak", frozenset({"origin.strength", "checksum.channel", "checksum.strength"}),
              "the proof of origin is too weak", failing("origin.strength"), _weak_why, _weak_steps),
    Situation("package not sound", frozenset(PACKAGE), "the package is not sound",
              failing(*PACKAGE), _package_why, _fetch_and_call),
    Situation("rules failed", frozenset(), "", lambda _: True, _generic_why, _generic_steps),
)  # fmt: skip
"""In order: the first that applies writes the page, the others are named on it."""
