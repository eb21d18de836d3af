"""Why a signed delivery still fails: an expired certificate, a missing signature, an odd wrapper, a key that can be
computed, another device. Rows of `wording_fail.FAILS`.
"""

from __future__ import annotations

from fwverify.report.interface import Context
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading
from fwverify.report.situation import Situation, Step, ask, failing, keep, keep_as_evidence, message, owner

LONG = 200
"""Characters of a reason that the page quotes."""


def _chain_why(reading: Reading) -> str:
    seen = [one.observed for one in reading.failed if one.rule == "signature.chain" and one.observed]
    told = f": {shortened(seen[0], LONG)}" if seen else ""
    return (
        f"The signature holds, but a certificate behind it does not{told}. Whoever has an old or a wrong certificate's "
        "key could have signed this lately."
    )


def _chain_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        Step(f"{keep(reading)} An old certificate alone is no sign of tampering."),
        ask(reading, "Ask for a release signed with a certificate in force, or with a trusted timestamp."),
        Step(f"Whether an expired certificate will do: {owner(reading)} decides, in the policy, not this tool."),
    )


def _stripped_why(reading: Reading) -> str:
    return (
        f"{message(reading, 'signature.all-required')}. Somebody who changes a file can leave a signature away, "
        "but cannot make it."
    )


def _stripped_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return keep_as_evidence(reading), ask(reading, "Ask for the whole set of signatures of this release.")


def _device_why(reading: Reading) -> str:
    return f"{message(reading, 'package.product-match')}. The wrong firmware can leave a device unable to start."


def _device_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        Step(f"{keep(reading)} Compare the model on the type plate with the one you stated."),
        ask(reading, "Ask for the release for this model."),
    )


def _counter_why(reading: Reading) -> str:
    return (
        f"{message(reading, 'version.security-counter')}. The maker raises this number to lock out releases that are "
        "known to be unsafe."
    )


def _counter_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return Step(keep(reading)), ask(reading, "Ask for the newest release, and verify that.")


def _weak_key_why(reading: Reading) -> str:
    return f"{message(reading, 'signature.weak-key')}. Who computes the private half can sign anything."


def _wrapper_why(reading: Reading) -> str:
    return f"{message(reading, 'signature.wrapper')}. What a device reads there, nobody signed."


def _maker_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return keep_as_evidence(reading), ask(reading, "Tell them this, and ask for a corrected release.")


TERMS: tuple[Situation, ...] = (
    Situation("a signature is missing", frozenset({"signature.all-required", "signature.threshold"}),
              "a signature that must be there is missing",
              failing("signature.all-required", "signature.threshold"), _stripped_why, _stripped_steps),
    Situation("for another device", frozenset({"package.product-match"}), "it is for another device",
              failing("package.product-match"), _device_why, _device_steps),
    Situation("certificate not in force", frozenset({"signature.chain", "signature.time"}),
              "a certificate is not in force", failing("signature.chain"), _chain_why, _chain_steps),
    Situation("counter too low", frozenset({"version.security-counter"}), "its security counter is too low",
              failing("version.security-counter"), _counter_why, _counter_steps),
    Situation("weak key", frozenset({"signature.weak-key"}), "a signing key can be computed",
              failing("signature.weak-key"), _weak_key_why, _maker_steps),
    Situation("odd wrapper", frozenset({"signature.wrapper"}), "bytes around the signature are odd",
              failing("signature.wrapper"), _wrapper_why, _maker_steps),
)  # fmt: skip
"""In order."""
