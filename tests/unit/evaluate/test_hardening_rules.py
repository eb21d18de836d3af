"""Hardening rules: ratios over the programs that can be asked, network-facing ones first, exemptions by place."""

from __future__ import annotations

import pytest

from fwverify.model.artifact import Role
from fwverify.model.evidence import ArtifactRecord
from fwverify.model.finding import Outcome
from tests.unit.evaluate.builders import FW, evidence, finding, record


def program(name: str, mode: str = "", **facts: str) -> ArtifactRecord:
    stated = {f"hardening.{key.replace('_', '-')}": value for key, value in facts.items()}
    if mode:
        stated["mode"] = mode
    return record(FW.into("squashfs", name), facts=tuple(sorted(stated.items())))


def found(rule: str, *programs: ArtifactRecord, params: str = "") -> object:
    return finding(evidence(artifacts=(record(FW, role=Role.IMAGE), *programs)), rule, params)


@pytest.mark.parametrize(
    ("rule", "fact", "good", "bad"),
    [
        ("nx", "nx", "yes", "no"), ("pie", "pie", "yes", "no"), ("relro", "relro", "full", "partial"),
        ("canary", "canary", "yes", "no"), ("fortify", "fortify", "yes", "no"), ("rwx", "rwx", "no", "yes"),
        ("rpath", "run_path", "$ORIGIN/../lib:/usr/lib/x", "/usr/lib:/tmp/x"),
        ("debug-build", "stripped", "yes", "no"),
    ],
)  # fmt: skip
def test_each(rule: str, fact: str, good: str, bad: str) -> None:
    """Kept by all: pass; by one of two: the other is named, and the ratio is said; by none that can be asked: n/a."""
    first, second = program("bin/a", **{fact: good}), program("bin/b", **{fact: bad})
    assert found(f"hardening.{rule}", first).outcome is Outcome.PASS  # type: ignore[attr-defined]
    one = found(f"hardening.{rule}", first, second)
    assert one.outcome is Outcome.FAIL  # type: ignore[attr-defined]
    assert one.denominator.startswith("1 of 2 programs")  # type: ignore[attr-defined]
    assert [each.subject for each in one.items] == [str(second.locator)]  # type: ignore[attr-defined]
    assert found(f"hardening.{rule}", program("bin/c")).outcome is Outcome.NOT_APPLICABLE  # type: ignore[attr-defined]


def test_network_first() -> None:
    """Whoever accepts connections stands first, whatever the names."""
    quiet = program("bin/a", nx="no", network="no")
    server = program("usr/sbin/zd", nx="no", network="yes")
    one = found("hardening.nx", quiet, server)
    assert [each.subject for each in one.items] == [str(server.locator), str(quiet.locator)]  # type: ignore[attr-defined]


def test_share_and_exemptions() -> None:
    """A lower share is enough where the policy says so; exempted places are not asked."""
    programs = (program("bin/a", pie="yes"), program("bin/b", pie="no"))
    assert found("hardening.pie", *programs, params="min: 0.5").outcome is Outcome.PASS  # type: ignore[attr-defined]
    exempted = found("hardening.pie", *programs, params="exempt: ['bin/b']")
    assert exempted.outcome is Outcome.PASS  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["", "lib", "/home/user/lib", "/usr/lib:", "$ORIGIN/lib:/var/tmp", "./x"])
def test_unsafe_folders(path: str) -> None:
    """A relative, empty or writable folder lets somebody else bring the library."""
    one = found("hardening.rpath", program("bin/a", run_path=path or ":"))
    assert one.outcome is Outcome.FAIL  # type: ignore[attr-defined]


def test_setuid() -> None:
    """Files with their owner's rights are listed with their mode; exempted ones are known."""
    one = found("hardening.setuid", program("bin/su", mode="4755"))
    assert one.outcome is Outcome.FAIL  # type: ignore[attr-defined]
    assert "4755" in one.items[0].detail  # type: ignore[attr-defined]
    assert found("hardening.setuid", program("bin/su", mode="4755"), params="exempt: [bin/su]").outcome is Outcome.PASS  # type: ignore[attr-defined]
    assert found("hardening.setuid", program("bin/ls")).outcome is Outcome.PASS  # type: ignore[attr-defined]
