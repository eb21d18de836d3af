"""Asking a timestamping authority. The only part of `fwverify evidence` that uses a network, and only when told to."""

from __future__ import annotations

from pathlib import Path

from fwverify.cli.evidence_keygen import read_key
from fwverify.errors import RecordError, UsageError

SECONDS = 30
"""For an authority to answer."""


def tsa_certificates(tsa: str | None, tsr: Path | None, certificate: Path | None) -> bytes:
    """What the authority is believed by; empty where no time is asked for. Raises UsageError."""
    if tsa and tsr is not None:
        raise UsageError("--tsa and --tsr contradict each other")
    if not tsa and tsr is None:
        if certificate is not None:
            raise UsageError("names an authority, but no time is asked for", where="--tsa-cert", todo="Add --tsa URL.")
        return b""
    if certificate is None:
        todo = "Add --tsa-cert FILE: what nobody can check is not packed."
        raise UsageError("the authority's certificate is needed", where="--tsa" if tsa else "--tsr", todo=todo)
    if tsa and not tsa.startswith(("http://", "https://")):
        raise UsageError(f"not an address: {tsa!r}", where="--tsa", todo="Write https://tsa.example/ts")
    return read_key(certificate)


def stamp_of(report: bytes, tsa: str | None, tsr: Path | None, certificates: bytes) -> bytes:
    """The answer of the authority over the report, checked; empty: none was asked for. Raises RecordError."""
    from fwverify.records.stamping import NoTime, query, stamped

    if not certificates:
        return b""
    nonce: int | None = None
    if tsr is not None:
        answer, where = read_key(tsr), f"--tsr {tsr}"
    else:
        asked = query(report)
        answer, where, nonce = _asked(tsa or "", asked.der), f"--tsa {tsa}", asked.nonce
    try:
        stamped(answer, report, certificates, nonce)
    except NoTime as problem:
        raise RecordError(f"gives no time that can be trusted: {problem}", where=where) from None
    return answer


def _asked(url: str, query: bytes) -> bytes:
    import requests

    from fwverify.records.stamping import ANSWER_TYPE, MAX_ANSWER_BYTES, QUERY_TYPE

    headers = {"Content-Type": QUERY_TYPE, "Accept": ANSWER_TYPE}
    todo = "Try again, or go without: the pack can be made anew with a timestamp later."
    try:
        with requests.post(
            url, data=query, headers=headers, timeout=SECONDS, stream=True, allow_redirects=False
        ) as answer:
            if answer.status_code != requests.codes.ok:
                raise RecordError(f"the authority answered {answer.status_code}", where=f"--tsa {url}", todo=todo)
            return answer.raw.read(MAX_ANSWER_BYTES + 1, decode_content=True) or b""
    except (requests.RequestException, OSError) as problem:
        what = f"the authority cannot be reached: {type(problem).__name__}"
        raise RecordError(what, where=f"--tsa {url}", todo=todo) from None
