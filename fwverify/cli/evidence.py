"""`fwverify evidence`: the record of a decision, kept so that others can check it years later."""

from __future__ import annotations

import click

from fwverify.cli.lazy import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "pack": ("fwverify.cli.evidence_pack:pack", "Put a decision with all it rests on into one file."),
    "verify": ("fwverify.cli.evidence_verify:verify", "Check a pack, years later and offline."),
    "log": ("fwverify.cli.evidence_log:log", "The append-only log of decisions."),
    "keygen": ("fwverify.cli.evidence_keygen:keygen", "Make a site key to sign packs with."),
}


@click.group(cls=LazyGroup, commands_at=COMMANDS)
def evidence() -> None:
    """Pack, sign, log and check the record of a decision.

    \b
    Example: fwverify evidence pack out/ --keys keys --sign site.pem -o CHG-1.zip
    """
