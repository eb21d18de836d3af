"""Text of unknown origin in Markdown: no markup, no HTML, no links, no mentions, no references to issues.

CommonMark 0.31.2 sections 2.4, 6.1 and 6.3, GitHub Flavored Markdown 0.29 sections 4.10 and 6.9 (bare links), GitLab
Docs "GitLab-specific references", read 2026-11-23. A backslash stops markup, but mentions and bare links are found in
the finished text: what begins one is put into a code span of its own, where nobody looks for them. Does NOT make
wording safe: a name may still say anything.
"""

from __future__ import annotations

import re

from fwverify.report.neutral import visible

MARKUP = re.compile(r"([\\`*_\[\]<>|~])|&(?=[#\w])")
"""Characters that mean something anywhere in a line; `&` where it could begin an entity."""
START = re.compile(r"(?P<mark>[#+\-=>])|(?P<number>\d{1,9})(?P<stop>[.)])")
"""What means something at the beginning of a line."""
REFERENCE = re.compile(
    r"[@#$]+|(?<=[A-Za-z0-9+.\-])://|\bwww\.|\b(?:mailto|xmpp|tel|javascript|data):|\bG[HL]-(?=\d)"
    r"|[!%~&^](?=[\w\"])|\[(?=[a-z_]+:)",
    re.IGNORECASE,
)
"""What begins a mention, a bare link or a reference where Markdown is shown."""


def prose(text: str) -> str:
    """The text for a paragraph, a list item or a cell of a table."""
    shown = visible(text).strip(" ")
    out: list[str] = []
    at = 0
    for found in REFERENCE.finditer(shown):
        out += [_escaped(shown[at : found.start()]), f"`{found[0]}`"]
        at = found.end()
    out.append(_escaped(shown[at:]))
    return _begun("".join(out))


def _escaped(text: str) -> str:
    return MARKUP.sub(lambda found: f"\\{found[0]}", text)


def _begun(text: str) -> str:
    found = START.match(text)
    if found is None:
        return text
    if found["mark"]:
        return f"\\{text}"
    return f"{found['number']}\\{text[found.end() - 1 :]}"


def literal(lines: list[str], indent: str = "") -> list[str]:
    """A fenced block: the lines exactly, made visible; the fence is longer than any run of backticks in them."""
    shown = [visible(one) for one in lines]
    longest = max((len(run) for one in shown for run in re.findall(r"`+", one)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{indent}{one}".rstrip() for one in (f"{fence}text", *shown, fence)]


def row(*cells: str) -> str:
    """One line of a table; the cells are prose already."""
    return f"| {' | '.join(cells)} |"
