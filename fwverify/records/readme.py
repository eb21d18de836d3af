"""README.txt of a pack: how anyone checks it by hand, years later, with public tools. Every command in it is run by a
test (tests/interop/test_evidence_packs.py). Commands stand alone on indented lines; they are for bash.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from shlex import quote

from fwverify.model.canonical import Json
from fwverify.model.verdict import Assessment
from fwverify.records import layout
from fwverify.report.neutral import shortened

_HEAD = """\
EVIDENCE PACK: {delivery}
{decision}, judged at {at} by policy {policy} {version}

This folder says what was decided about a firmware delivery, on which facts, by
which policy and with which keys. Nobody needs fwverify to check it: bash, jq,
coreutils and openssl do. Run the commands in this folder (unpacked).
With fwverify, all of it and more:  fwverify evidence verify PACK
It proves what was judged and how. It does not prove that the firmware is free
of flaws; report.txt says what was not looked at.

1. Nothing in this folder was changed
    sha256sum --quiet -c SHA256SUMS
   Whoever can change the folder can change SHA256SUMS too: {anchor}

2. The decision, and the facts it rests on
    jq -r .verdict.decision report.json
    D=$(jq -jcS .evidence report.json | sha256sum | cut -c1-64)
    test "$D" = "$(jq -r .verdict.evidence_digest report.json)"
   (The facts are part of report.json; their digest is over their canonical
   form, RFC 8785: sorted keys, no blanks.)

3. The files that were judged: in the folder of the delivery
    (cd "$DELIVERY" && sha256sum --quiet -c "$OLDPWD/inputs.sha256")
   where DELIVERY names that folder.{inside}

4. The policy is the one the verdict names
{policies}

"""
_KEYS = """\
{step}. The key registry is the one the facts name
    L=$(cd keys-used && find . -type f -printf '%P\\n' | LC_ALL=C sort |
      while read -r f; do sha256sum "$f"; done)
    D=$(echo "$L" | sha256sum | cut -c1-64)
    test "$D" = "$(jq -r .evidence.trust.digest report.json)"

"""
_SIGNED = """\
{step}. Who signed: statement.intoto.jsonl, DSSE envelopes around in-toto statements
   SITEKEY names the public site key (PEM), which you must have from elsewhere.
    jq -r '.payload|@base64d|fromjson|.predicateType' statement.intoto.jsonl
   The last one names SHA256SUMS by its digest:
    T=$(mktemp -d)
    tail -n 1 statement.intoto.jsonl > $T/last
    jq -r .payload $T/last | base64 -d > $T/payload
    D=$(sha256sum < SHA256SUMS | cut -c1-64)
    test "$D" = "$(jq -r '.subject[0].digest.sha256' $T/payload)"
   Its signature is over its type and content (DSSE, "PAE"):
    jq -r '.signatures[0].sig' $T/last | base64 -d > $T/sig
    N=$(wc -c < $T/payload)
    printf 'DSSEv1 28 application/vnd.in-toto+json %d ' $N > $T/signed
    cat $T/payload >> $T/signed
   {verify}
    rm -r $T

"""
_STAMP = """\
{step}. When: time/report.tsr, an RFC 3161 timestamp over report.json
   TSA names the authority's certificate (PEM), from elsewhere.
    openssl ts -verify -data report.json -in time/report.tsr -CAfile "$TSA"
    openssl ts -reply -in time/report.tsr -text | grep 'Time stamp'

"""
_LOG = """\
{step}. That it stands in the log of decisions: log/
   log/entry.json names report.json and is a leaf of a Merkle tree (RFC 9162);
   log/entry.tlog-proof leads from it to the root in log/checkpoint, a note
   signed by the log (c2sp.org/tlog-proof, tlog-checkpoint, signed-note).
    test "$(jq -r .report log/entry.json)" = "$(sha256sum < report.json | cut -c1-64)"
   The leaf's hash, the proof's first input:
    (printf '\\0'; cat log/entry.json) | sha256sum
   LOGKEY names the log's public Ed25519 key (PEM), from elsewhere.
    T=$(mktemp -d)
    sed '/^$/,$d' log/checkpoint > $T/note
    sed '1,/^$/d' log/checkpoint | head -n 1 | cut -d' ' -f3 | base64 -d | tail -c +5 > $T/sig
    openssl pkeyutl -verify -pubin -inkey "$LOGKEY" -rawin \\
      -in $T/note -sigfile $T/sig
    rm -r $T

"""
_VERIFY = """The first form is for an Ed25519 key (ML-DSA: from OpenSSL 3.5 on), the second
   for an ECDSA key:
    openssl pkeyutl -verify -pubin -inkey "$SITEKEY" -rawin \\
      -in $T/signed -sigfile $T/sig ||
    openssl dgst -sha256 -verify "$SITEKEY" -signature $T/sig $T/signed"""


def readme(assessment: Assessment, index: Mapping[str, Json], names: Collection[str], *, signed: bool) -> bytes:
    """The text.

    Args:
        assessment: what the pack is about.
        index: pack.json.
        names: files of the pack so far.
        signed: the pack will have statements.
    """
    verdict = assessment.verdict
    anchor = (
        '"Who signed"\n   below says who answers for it.'
        if signed
        else "this pack is\n   not signed, so keep its own SHA-256 where nobody can change it."
    )
    text = _HEAD.format(
        delivery=shortened(assessment.evidence.delivery, 60),
        decision=verdict.decision.value.upper(),
        at=verdict.judged_at,
        policy=shortened(verdict.policy_id, 30),
        version=shortened(verdict.policy_version, 20),
        anchor=anchor,
        inside=" Copies are in image/, by digest." if any(one.startswith(layout.IMAGE) for one in names) else "",
        policies=_policies(index),
    )
    further = (
        (_KEYS, any(one.startswith(layout.KEYS) for one in names)),
        (_SIGNED.replace("{verify}", _VERIFY), signed),
        (_STAMP, layout.STAMP in names),
        (_LOG, layout.LOG_ENTRY in names),
    )
    parts = [part for part, there in further if there]
    return (text + "".join(part.replace("{step}", str(step)) for step, part in enumerate(parts, 5))).encode()


def _policies(index: Mapping[str, Json]) -> str:
    """A policy's digest is over its text; with a parent, over its text, a line break and the parent's digest."""
    listed = index["policy"]
    files = [str(one["file"]) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    lines, parent = [], ""
    for file in reversed(files):
        more = f"; printf '\\n%s' \"{parent}\"" if parent else ""
        lines.append(f"    D=$({{ cat {quote(file)}{more}; }} | sha256sum | cut -c1-64)")
        parent = "$D"
    lines.append('    test "$D" = "$(jq -r .verdict.policy_digest report.json)"')
    return "\n".join(lines)
