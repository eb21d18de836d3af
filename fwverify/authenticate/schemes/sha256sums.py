"""Checksum lists (SHA256SUMS and its kin): what the list says beside what was delivered.

Layout: `formats.checksum_list`; how it is compared: `authenticate.listed`.

Does not do: matching by base name or suffix, SHA-3, SHA-512/256, CRC lists, clear-signed lists.
"""

from __future__ import annotations

from fwverify.authenticate import listed
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.formats import checksum_list
from fwverify.formats.checksum_list import ChecksumList
from fwverify.model.artifact import Artifact
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore


def _detect(artifact: Artifact) -> bool:
    first = checksum_list.first_entry(artifact.content)
    named = bool(checksum_list.named_algorithm(artifact.name))
    return (first is not None and bool(first.name or named)) or (named and _short_text(artifact))


def _short_text(artifact: Artifact) -> bool:
    return artifact.size <= checksum_list.MAX_BYTES and b"\0" not in bytes(artifact.content[:4096])


def _parse(artifact: Artifact) -> tuple[ChecksumList, ...]:
    found = checksum_list.parse(artifact.content)
    if not found.whole:
        problem = found.problems[0] if found.problems else checksum_list.Problem(1, "it lists nothing")
        raise Malformed("checksum list", f"line {problem.line}: {problem.what}")
    return (found,)


def _verify(found: ChecksumList, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    return listed.compared(found, group)


SCHEME = SignatureScheme(
    name="checksum-list",
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "Checksum list (SHA256SUMS, BSD form, single .sha256)",
        vendor="GNU coreutils",
        references=("GNU coreutils manual 6.5 md5sum invocation, read 2026-11-22",),
        limitations=(
            "Signs nothing: worth what the authenticity of the list is worth.",
            "SHA-3, SHA-512/256 and CRC lists are not read.",
        ),
    ),
)
