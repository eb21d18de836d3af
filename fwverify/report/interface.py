"""What a renderer is: one module with one constant RENDERER."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment

REPORT_SCHEMA = "https://fwverify.example/report/1"
"""Schema of the JSON report (docs/report-schema.json). Readers ignore unknown fields; writers bump."""


@dataclass(frozen=True, slots=True)
class Context:
    """How to render, from the command line."""

    width: int = 80
    color: bool = False
    verbose: int = 0
    evidence_path: str = ""
    """Where the evidence was written, as printed; empty when it was not."""
    command: str = ""
    """The operand as the operator typed it, quoted for a shell, for commands the page suggests."""
    keys: str = ""
    """The operator's --keys, as typed; empty when not given."""
    policy: str = ""
    """The operator's --policy, as typed; empty when not given."""
    at: str = ""
    """The operator's --at, as typed; empty when not given: then judged as of now."""
    again: tuple[str, ...] = ()
    """Further options of the operator's that bear on the answer, each with its value and quoted for a shell."""
    exit_status: int = -1
    """Of the process, from the one table in cli; -1 when there is no process (library)."""
    measures: Mapping[str, str] = field(default_factory=dict)
    """Rule -> what it measures, for forms that describe rules; empty where nobody asked the rules."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """One output form."""

    name: str
    render: Callable[[Assessment, Context], str]
    suffix: str
    """File name suffix for `--out`: `.json`, `.txt`."""
    doc: Doc
