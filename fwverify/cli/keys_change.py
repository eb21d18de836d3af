"""`fwverify keys confirm` and `fwverify keys revoke`: what is said later of a pinned key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from fwverify.cli.keys_add import next_step
from fwverify.cli.keys_words import ask_text, facts, registry_option, sure
from fwverify.trust import adding, revoking


@click.command("confirm")
@click.argument("name", metavar="VENDOR/ID")
@click.option("--channel", default="", help="How it was learned this time; another channel than before.")
@click.option("--by", "who", default="", help="Who learned it; another person than before.")
@click.option("--fingerprint", default="", help="As read out over the channel; must be that of the key.")
@registry_option
@click.option("--yes", is_flag=True, help="Do not ask; needed where no terminal is attached.")
def confirm(name: str, channel: str, who: str, fingerprint: str, folder: Path, yes: bool) -> None:
    """Record that another person learned the same key over another channel.

    \b
    Example: fwverify keys confirm acme/fw-2024 --channel "unit in service" \\
               --by "M. Lee"
    """
    pinned = adding.entry_named(folder, name)
    if pinned.public is not None:
        click.echo(facts(pinned.public))
    channel = ask_text(channel, "--channel", "How was it learned this time?")
    who = ask_text(who, "--by", "Who learned it?")
    if not fingerprint:
        sure(yes, "Is this the fingerprint you were given over that channel?")
    when = datetime.now(UTC).date().isoformat()
    record = adding.confirm_key(folder, name, channel, who, when, fingerprint)
    click.echo(f"Confirmed {record.name}: {next_step(record, folder)}")


@click.command("revoke")
@click.argument("name", metavar="VENDOR/ID")
@click.option("--reason", required=True, help="Why, in plain words.")
@click.option(
    "--distrust",
    type=click.Choice(revoking.DISTRUST),
    required=True,
    help="always: also what was signed before (the key was stolen); after: only from the date on (it was replaced).",
)
@click.option("--date", "when", default="", metavar="DATE", help="From when on.  [default: today]")
@click.option("--by", "who", required=True, help="Who says so.")
@registry_option
def revoke(name: str, reason: str, distrust: str, when: str, who: str, folder: Path) -> None:
    """Withdraw a pinned key; its entry stays, with the reason.

    \b
    Example: fwverify keys revoke acme/fw-2024 --reason "key stolen" \\
               --distrust always --by "M. Lee"
    """
    date = when or datetime.now(UTC).date().isoformat()
    record = revoking.revoke_key(folder, name, reason=reason, distrust=distrust, date=date, who=who)
    click.echo(f"Revoked {record.name} from {record.revocation_date[:10]} on ({record.distrust}).")
    click.echo("Next: judge again what it signed: fwverify reassess EVIDENCE --keys " + str(folder))
