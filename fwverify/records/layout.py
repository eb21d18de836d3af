"""What lies where in an evidence pack, and its bounds.

README.txt               how anyone checks it by hand, with public tools
SHA256SUMS               every file below but the statements, as sha256sum(1) writes it
pack.json                which file is what: policy, keys, waivers, inputs, by digest
report.json              verdict and evidence, canonical (RFC 8785): what was decided on which facts
report.txt report.html   the same as pages
inputs.sha256            the files that were judged, as sha256sum(1) writes it
policy/ keys-used/ waivers/   exact copies of what it was judged by
image/                   the files themselves, only where asked for
log/                     the entry in the log of decisions, and the proof that it is there
time/report.tsr          RFC 3161 timestamp over report.json
statement.intoto.jsonl   signed statements, one DSSE envelope a line; the last one names SHA256SUMS
"""

from __future__ import annotations

import re

PACK_SCHEMA = "https://fwverify.example/evidence-pack/1"
"""Schema of pack.json and predicate type of the statement over the pack."""

README = "README.txt"
SUMS = "SHA256SUMS"
INDEX = "pack.json"
REPORT = "report.json"
INPUTS = "inputs.sha256"
STATEMENTS = "statement.intoto.jsonl"
POLICY, KEYS, WAIVERS, IMAGE = "policy/", "keys-used/", "waivers/", "image/"
LOG_ENTRY, LOG_PROOF, LOG_CHECKPOINT = "log/entry.json", "log/entry.tlog-proof", "log/checkpoint"
STAMP = "time/report.tsr"
NOT_SUMMED = frozenset({SUMS, STATEMENTS})

MAX_FILES = 20_000
"""In one pack. A registry of a hundred vendors has some hundreds of files."""
MAX_NAME = 400
"""Characters of a name in a pack."""
MAX_DOCUMENT_BYTES = 256 << 20
"""report.json and what is made from it. The evidence of an image with 40,000 files has 60 MiB."""
MAX_COPY_BYTES = 1 << 20
"""One policy, waiver or file of a registry: what reading them allows."""
MAX_COPIES_BYTES = 64 << 20
"""All of them together. A registry of a hundred vendors has under 1 MiB."""
_PART = re.compile(r"[^/\\\x00-\x1f\x7f:]+")


def is_plain(name: str) -> bool:
    """True for a relative name that means the same file everywhere and stays inside the pack."""
    parts = name.split("/")
    return (
        len(name) <= MAX_NAME
        and name.isprintable()
        and all(_PART.fullmatch(one) and one not in (".", "..") and one[-1] not in ". " for one in parts)
    )


def sums_line(digest: str, name: str) -> str:
    """One line of sha256sum(1): a name with a backslash or a line break is escaped, and the line then says so."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    return f"{mark}{digest}  {escaped}\n"
