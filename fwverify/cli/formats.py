"""`fwverify formats`: every plug-in of every room, with its source and what it does not do. docs/formats.md is this."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

import click

from fwverify.cli import options, output, status
from fwverify.model.plugin import Doc


@dataclass(frozen=True, slots=True)
class Room:
    """One room of plug-ins."""

    name: str
    title: str
    plugins: tuple[tuple[str, Doc], ...]


def rooms() -> tuple[Room, ...]:
    """All rooms with their plug-ins, in the order they are tried."""
    from fwverify.authenticate.registry import BUILTIN as SCHEMES
    from fwverify.compare.registry import BUILTIN as SBOMS
    from fwverify.identify.registry import BUILTIN as DETECTORS
    from fwverify.report.registry import BUILTIN as RENDERERS
    from fwverify.unpack.registry import BUILTIN as CONTAINERS

    return (
        Room("schemes", "Signatures and checksums", tuple((one.name, one.doc) for one in SCHEMES)),
        Room("containers", "Containers", tuple((one.name, one.doc) for one in CONTAINERS)),
        Room("detectors", "Detectors of components and contents", tuple((one.name, one.doc) for one in DETECTORS)),
        Room("sboms", "SBOM formats", tuple((one.name, one.doc) for one in SBOMS)),
        Room("renderers", "Output forms", tuple((one.name, one.doc) for one in RENDERERS)),
    )


@click.command()
@options.json_option
def formats(as_json: bool) -> int:
    """List what fwverify can read, where each format is specified, and what is not supported.

    \b
    Example: fwverify formats
    """
    output.emit(_json() if as_json else _text())
    return status.PASS


def _json() -> str:
    from fwverify.model.canonical import to_json

    shown = {room.name: [{"name": name, "doc": to_json(doc)} for name, doc in room.plugins] for room in rooms()}
    return json.dumps(shown, indent=1) + "\n"


def _text() -> str:
    return "\n".join("\n".join(_room(room)) for room in rooms()) + "\n"


def _room(room: Room) -> Iterable[str]:
    from fwverify.report.layout import entry, plain

    yield f"{room.title} ({len(room.plugins)})"
    for name, doc in room.plugins:
        yield from (plain(one) for one in entry(f"{name}  ", doc.title, 80))
        for limitation in doc.limitations:
            yield from (plain(one) for one in entry("not: ", limitation, 80, indent=6))


def formats_markdown() -> str:
    """docs/formats.md."""
    out = ["# Formats", "", "Printed by `fwverify formats` from the plug-ins themselves; do not edit.", ""]
    for room in rooms():
        out += [f"## {room.title}", "", "| name | what | source | does not |", "|---|---|---|---|"]
        for name, doc in room.plugins:
            cells = (f"`{name}`", doc.title, "; ".join(doc.references), "; ".join(doc.limitations))
            out.append("| " + " | ".join(one.replace("|", "\\|").replace("\n", " ") for one in cells) + " |")
        out.append("")
    return "\n".join(out)
