"""The first words of every page: the decision in a word, what it means for what the policy decides about, and that
sample keys prove nothing. Pure; no layout.
"""

from __future__ import annotations

from fwverify.model.verdict import Decision, Verdict
from fwverify.report.neutral import shortened

SAMPLE_FIRST = "SAMPLE KEYS: a demonstration, not a real vendor's file."
SAMPLE_LAST = "SAMPLE KEYS in use: this proves nothing about any real vendor."
"""Said twice: who reads only the first lines must not install, who reads only the last ones neither."""

ACTIONS = {"install": "installed", "accept": "accepted", "merge": "merged"}


def word(verdict: Verdict) -> str:
    """The decision in a word."""
    content = " (CONTENT ONLY)" if verdict.content_only and verdict.decision is Decision.PASS else ""
    return verdict.decision.value.upper() + content


def permission(verdict: Verdict) -> str:
    """`may be installed`, `DO NOT INSTALL`."""
    if verdict.decision is Decision.PASS:
        return f"may be {ACTIONS.get(verdict.action, 'used')}"
    return f"DO NOT {(verdict.action if verdict.action in ACTIONS else 'use').upper()}"


def action(verdict: Verdict) -> str:
    """What the decision means for what the policy decides about, and which policy that is."""
    return f"{permission(verdict)} ({shortened(verdict.policy_id, 24)} {shortened(verdict.policy_version, 12)})"


def known_heading(verdict: Verdict) -> str:
    """Over what to know before acting on a pass."""
    return f"Know this before you {verdict.action if verdict.action in ACTIONS else 'use it'}"
