"""`fwverify policy test`: deliveries with the answer a policy must give, so that a change of the policy shows.

Two kinds of case, both found in the folder that is named:

- `*.case.yaml`: the answer to one delivery (or to stored evidence) in the words of this module, see docs/policies.md;
- `*.expected.toml`: a command line with exit status and rules, as beside the samples of fwverify.

Every case is the real command line, run in this process. Nothing is written.
"""

from __future__ import annotations

import contextlib
import io
import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from fwverify.cli import output, status
from fwverify.errors import PolicyError, UsageError
from fwverify.evaluate.fields import Fields
from fwverify.formats.strict_yaml import Node

LANGUAGE = "policy-case/1"
CASES, EXPECTATIONS = "*.case.yaml", "*.expected.toml"
PATHS = ("keys", "waivers", "baseline")
"""Options whose value is a path, relative to the case."""
PLAIN = ("at", "vendor", "product", "installed", "min-version", "min-counter", "sha256", "root-hash", "channel")
LISTS = ("device",)
KEYS = ("fwverify", "title", "delivery", "evidence", "policy", *PATHS, *PLAIN, *LISTS, "expect")
EXPECT = ("decision", "failed", "not-evaluated")
SAMPLES_AT = "2026-11-22T00:00:00Z"
"""When the samples are judged; their certificates are not valid for ever."""
EXITS = {"pass": status.PASS, "fail": status.FAIL, "inconclusive": status.INCONCLUSIVE}


@dataclass(frozen=True, slots=True)
class PolicyCase:
    """One command line and its answer."""

    name: str
    command: tuple[str, ...]
    exit_status: int
    failed: frozenset[str]
    """Required rules that fail: exactly these."""
    missing: frozenset[str] | None
    """Required rules that are not evaluated: exactly these; None: not stated."""
    approved: tuple[str, ...] = ()
    """Command line of the approved release, whose evidence is the baseline; empty: none."""


@click.command("test")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--against", metavar="DIR", type=click.Path(path_type=Path),
    help="Where the deliveries are that cases name.  [default: beside each case]",
)  # fmt: skip
@click.option("--policy", "policy_name", metavar="POLICY", help="Try this policy instead of those the cases name.")
def test(folder: Path, against: Path | None, policy_name: str | None) -> int:
    """Judge deliveries whose answer is known, and say where a policy answers otherwise.

    \b
    Example: fwverify policy test policy-cases --against samples

    A case is a file NAME.case.yaml with a delivery (or stored evidence), a policy, options as for verify, and what must
    come out: decision, failed, not-evaluated. Exit status: 0 all as expected, 1 some not, 2 a case cannot be run.
    """
    found = tuple(cases(folder, against, policy_name))
    if not found:
        todo = f"A case is named {CASES} (docs/policies.md) or {EXPECTATIONS}."
        raise UsageError("there is no case here", where=str(folder), todo=todo)
    wrong = 0
    for one in found:
        told = difference(one)
        wrong += bool(told)
        output.emit(_plain([f"{'not as expected' if told else 'as expected'}  {one.name}", *told]))
    output.emit(f"{len(found)} case{'' if len(found) == 1 else 's'}, {wrong} not as expected\n")
    return status.FAIL if wrong else status.PASS


def cases(folder: Path, against: Path | None = None, policy: str | None = None) -> Iterator[PolicyCase]:
    """Every case of a folder, by name. Raises PolicyError or UsageError."""
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=str(folder))
    for path in sorted([*folder.glob(CASES), *folder.glob(EXPECTATIONS)]):
        yield _expectation(path, policy) if path.match(EXPECTATIONS) else _Reader(path, against, policy).case()


class _Reader(Fields):
    """Reads one case."""

    mistake = PolicyError

    def __init__(self, path: Path, against: Path | None, policy: str | None) -> None:
        super().__init__(str(path))
        self.folder, self.against, self.policy = path.parent, against or path.parent, policy
        self.name = path.name.removesuffix(".case.yaml")

    def case(self) -> PolicyCase:
        root = self.root(_text(Path(self.source)))
        self.table = self.entries(root, "a case", KEYS)
        self.language(root, LANGUAGE, "policy case")
        expect = self.needed(root, "expect", "case")
        table = self.entries(expect, "expect", EXPECT)
        if "decision" not in table:
            raise self.error(expect, "expect has no decision", "Add 'decision: pass', 'fail' or 'inconclusive'.")
        decision = table["decision"].value
        if decision.text not in EXITS:
            raise self.error(decision, f"a decision is {', '.join(EXITS)}, not {decision.text!r}")
        missing = table.get("not-evaluated")
        return PolicyCase(
            self.label(),
            tuple(self.command(root)),
            EXITS[decision.text],
            self.rules(table["failed"].value) if "failed" in table else frozenset(),
            self.rules(missing.value) if missing else None,
        )

    def label(self) -> str:
        """`downgrade: older than what is installed`."""
        node = self.head("title")
        return f"{self.name}: {self.text(node, 'title')}" if node is not None else self.name

    def rules(self, node: Node) -> frozenset[str]:
        from fwverify.evaluate.registry import BUILTIN
        from fwverify.evaluate.values import did_you_mean

        known = [one.id for one in BUILTIN]
        for one in node.items or ():
            if one.text not in known:
                raise self.error(one, f"there is no rule {one.text!r}.{did_you_mean(str(one.text), known)}")
        return frozenset(self.texts(node, "expect"))

    def command(self, root: Node) -> Iterator[str]:
        """The command line of the case."""
        delivery, stored = self.head("delivery"), self.head("evidence")
        if (delivery is None) == (stored is None):
            raise self.error(root, "a case has either a delivery or evidence")
        if delivery is not None:
            yield from ("verify", self.place(delivery, self.against), "--no-cache")
        elif stored is not None:
            yield from ("reassess", self.place(stored, self.against))
        yield from ("--policy", self.policy or self.policy_named(root))
        yield from self.options()

    def options(self) -> Iterator[str]:
        """Options as for verify, in a fixed order."""
        for name in (*PATHS, *PLAIN, *LISTS):
            node = self.head(name)
            if node is None:
                continue
            if name in LISTS:
                values = self.texts(node, name)
            else:
                values = (self.place(node, self.folder) if name in PATHS else self.text(node, name),)
            for one in values:
                yield from (f"--{name}", one)

    def policy_named(self, root: Node) -> str:
        node = self.needed(root, "policy", "case")
        name = self.text(node, "policy")
        return name if name.startswith("builtin:") else self.place(node, self.folder)

    def place(self, node: Node, folder: Path) -> str:
        path = folder / self.text(node, "a path")
        if not path.exists():
            raise self.error(node, f"there is no such file or folder: {path}")
        return str(path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"cannot be read: {problem}", where=str(path)) from None


def _expectation(path: Path, policy: str | None = None) -> PolicyCase:
    """A case in TOML. Paths on its command line are relative to the folder above that of the file."""
    base = path.resolve().parents[1]
    try:
        stated = tomllib.loads(_text(path))
        command = [str(base / one) if (base / one).exists() else one for one in stated["command"]]
        command += ["--no-cache", "--at", stated.get("at", SAMPLES_AT), *(["--policy", policy] if policy else [])]
        approved = stated.get("baseline", "")
        return PolicyCase(
            name=path.name.removesuffix(".expected.toml"),
            command=tuple(command),
            exit_status=stated["exit"],
            failed=frozenset(stated["failed"]),
            missing=None,
            approved=_expectation(path.with_name(f"{approved}.expected.toml")).command if approved else (),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as problem:
        raise UsageError(f"is no expectation: {problem}", where=str(path)) from None


def difference(case: PolicyCase) -> list[str]:
    """What comes out otherwise than expected, one line each; empty: nothing. Raises FwverifyError."""
    with TemporaryDirectory(prefix="fwverify-") as scratch:
        exit_status, report = _run(case, Path(scratch))
    findings = [one for one in report["verdict"]["findings"] if one["level"] == "must" and not _waived(one)]
    failed = {one["rule"] for one in findings if one["outcome"] == "fail"}
    missing = {one["rule"] for one in findings if one["outcome"] == "not_evaluated"}
    out = []
    if exit_status != case.exit_status:
        out.append(f"  exit {exit_status} instead of {case.exit_status}")
    out += _sets("failed", failed, case.failed)
    out += _sets("not evaluated", missing, case.missing) if case.missing is not None else []
    return out


def _run(case: PolicyCase, scratch: Path) -> tuple[int, dict[str, Any]]:
    """Exit status and report of a case; that of the approved release first, where there is one."""
    command = list(case.command)
    if case.approved:
        kept = scratch / "approved.evidence.json"
        _call([*case.approved, "--evidence", str(kept), "-q"])
        command += ["--baseline", str(kept)]
    if command[0] == "verify":
        command.append("--no-evidence")
    exit_status, printed = _call([*command, "--json"])
    return exit_status, json.loads(printed)


def _call(command: Sequence[str]) -> tuple[int, str]:
    """A command of this program, in this process. Raises FwverifyError."""
    from fwverify.cli import root

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        try:
            exit_status = root.main(args=list(command), prog_name="fwverify", standalone_mode=False)
        except click.ClickException as mistake:
            raise UsageError(mistake.format_message(), where=" ".join(command)) from None
    assert isinstance(exit_status, int)  # noqa: S101 - every command returns one
    return exit_status, printed.getvalue()


def _waived(finding: dict[str, Any]) -> bool:
    return bool(finding["items"]) and all(one["waiver"] is not None for one in finding["items"])


def _sets(what: str, found: set[str], wanted: frozenset[str]) -> list[str]:
    more, less = sorted(found - wanted), sorted(wanted - found)
    out = [f"  {what}, not expected: {', '.join(more)}"] if more else []
    return [*out, f"  expected, not {what}: {', '.join(less)}"] if less else out


def _plain(lines: Sequence[str]) -> str:
    from fwverify.report.neutral import visible

    return "".join(f"{visible(one)}\n" for one in lines)
