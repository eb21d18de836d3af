"""`fwverify formats`: every plug-in of every room, with its source and what it does not do. docs/formats.md is this."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
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
        makers = room.name == "containers"
        heads = ("name", "what", *(("tests read what these made",) if makers else ()), "source", "does not")
        out += [f"## {room.title}", "", *_row(heads), *_row(["---"] * len(heads))]
        for name, doc in room.plugins:
            made = ("; ".join(doc.makers),) if makers else ()
            out += _row((f"`{name}`", doc.title, *made, "; ".join(doc.references), "; ".join(doc.limitations)))
        out.append("")
    return "\n".join([*out, *_limits()])


def _row(cells: Sequence[str]) -> list[str]:
    return ["| " + " | ".join(one.replace("|", "\\|").replace("\n", " ") for one in cells) + " |"]


def _limits() -> list[str]:
    """The bounds that hold for every reader, from the text of limits.py itself."""
    import ast
    from dataclasses import asdict
    from inspect import getsource

    from fwverify.limits import DEFAULT_LIMITS, Limits

    out = ["## Limits", "", "They hold for every reader; reaching one is a gap that names it.", ""]
    out += [*_row(("limit", "default", "what and why")), *_row(("---", "---", "---"))]
    values = asdict(DEFAULT_LIMITS)
    (whole,) = ast.parse(getsource(Limits)).body
    name = ""
    for one in getattr(whole, "body", ()):
        match one:
            case ast.AnnAssign(target=ast.Name(id=found)):
                name = found
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                out += _row((f"`{name}`", f"{values[name]:,}", " ".join(text.split())))
    return [*out, ""]
