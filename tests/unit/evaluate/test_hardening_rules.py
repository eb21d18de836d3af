"""Hardening rules: ratios over the programs that can be asked, network-facing ones first, exemptions by place."""

from __future__ import annotations

import pytest

from fwverify.evaluate.rules.hardening import KEEPS_RIGHTS
from fwverify.model.artifact import Role
from fwverify.model.evidence import ArtifactRecord
from fwverify.model.finding import Finding, Outcome
from fwverify.unpack.registry import BUILTIN
from tests.unit.evaluate.builders import FW, evidence, finding, record


def program(name: str, mode: str = "", **facts: str) -> ArtifactRecord:
    stated = {f"hardening.{key.replace('_', '-')}": value for key, value in facts.items()}
    if mode:
        stated["mode"] = mode
    return record(FW.into("squashfs", name), facts=tuple(sorted(stated.items())))


def found(rule: str, *programs: ArtifactRecord, params: str = "") -> Finding:
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
    assert found(f"hardening.{rule}", first).outcome is Outcome.PASS
    one = found(f"hardening.{rule}", first, second)
    assert one.outcome is Outcome.FAIL
    assert one.denominator.startswith("1 of 2 programs")
    assert [each.subject for each in one.items] == [str(second.locator)]
    assert found(f"hardening.{rule}", program("bin/c")).outcome is Outcome.NOT_APPLICABLE


def test_network_first() -> None:
    """Whoever accepts connections stands first, whatever the names."""
    quiet = program("bin/a", nx="no", network="no")
    server = program("usr/sbin/zd", nx="no", network="yes")
    one = found("hardening.nx", quiet, server)
    assert [each.subject for each in one.items] == [str(server.locator), str(quiet.locator)]


def test_share_and_exemptions() -> None:
    """A lower share is enough where the policy says so; exempted places are not asked."""
    programs = (program("bin/a", pie="yes"), program("bin/b", pie="no"))
    assert found("hardening.pie", *programs, params="min: 0.5").outcome is Outcome.PASS
    exempted = found("hardening.pie", *programs, params="exempt: ['bin/b']")
    assert exempted.outcome is Outcome.PASS


@pytest.mark.parametrize("path", ["", "lib", "/home/user/lib", "/usr/lib:", "$ORIGIN/lib:/var/tmp", "./x"])
def test_unsafe_folders(path: str) -> None:
    """A relative, empty or writable folder lets somebody else bring the library."""
    one = found("hardening.rpath", program("bin/a", run_path=path or ":"))
    assert one.outcome is Outcome.FAIL


def test_setuid() -> None:
    """Files with their owner's rights are listed with their mode; exempted ones are known."""
    one = found("hardening.setuid", program("bin/su", mode="4755"))
    assert one.outcome is Outcome.FAIL
    assert "4755" in one.items[0].detail
    assert found("hardening.setuid", program("bin/su", mode="4755"), params="exempt: [bin/su]").outcome is Outcome.PASS
    assert found("hardening.setuid", program("bin/ls")).outcome is Outcome.PASS


def test_setuid_where_no_rights_are_kept() -> None:
    """Files in a container that keeps no rights cannot have any that are seen: no pass from that."""
    plain = record(FW.into("fat", "bin/su"))
    assert found("hardening.setuid", plain).outcome is Outcome.NOT_APPLICABLE
    assert found("hardening.setuid", plain, program("bin/ls")).outcome is Outcome.PASS


def test_containers_that_keep_rights() -> None:
    """The list names containers there are, each with the mode of its members."""
    assert {one.name for one in BUILTIN} >= KEEPS_RIGHTS
