"""The terminal page against the three pages written out in the contract."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fwverify.model.artifact import Locator, Step
from fwverify.model.component import Component, Discrepancy, DiscrepancyKind
from fwverify.model.verdict import Assessment, Decision
from fwverify.report.interface import Context
from fwverify.report.layout import cells
from fwverify.report.renderers.text import RENDERER, render

EVIDENCE = "acme-ups-3.1.0.evidence.json"


def lines(assessment: Assessment, **more: object) -> list[str]:
    context = replace(Context(evidence_path=EVIDENCE, exit_status=0, command="samples/acme-ups-3.1.0"), **more)
    return render(assessment, context).splitlines()


def test_pass_page(good: Assessment) -> None:
    """The first page, line by line."""
    assert lines(good) == [
        "PASS  ACME UPS 3.1.0                             may be installed (production 7)",
        "  It is ACME's file, it is unchanged, and it holds what ACME's SBOM says.",
        "  Signed    100 %  of 2,411,520 bytes to be installed, by pinned acme-fw-2024",
        "  Opened    100 %  2,398,208 bytes examined, 13,312 empty (FF), 0 unexplained",
        "  Declared  14/14  components found are in the SBOM; 12 with the same version",
        "  Origin    SIGNED, PINNED KEY (4 of 5). Key 44c1 f0d2 8a7e 19b3, confirmed by",
        "            phone (J. Ortiz, 2026-10-03).",
        "  SBOM      CycloneDX 1.6, covered by the same signature, names this image",
        "  Version   3.0.2 -> 3.1.0, an upgrade (installed version: --installed)",
        "  Image     acme-ups.fit, 2,411,520 bytes, SHA-256 f72b b1c4 8eb9 0491 ...",
        "  Rules     31 of 31 required passed; 0 not evaluated; 0 waived",
        "  Used      policy builtin:production (3b4c 3b4c); 1 key pinned in keys",
        "  Know this before you install",
        "   - libmodbus, lwip: no version in their bytes; the SBOM's is the vendor's.",
        "   - The policy is to be reviewed by 2026-12-01.",
        "   - No image to go back to was checked. Keep the one that is installed now.",
        "  Not shown: whether the device itself checks signatures; absence of flaws.",
        "  SAMPLE KEYS in use: this proves nothing about any real vendor.",
        "Evidence  acme-ups-3.1.0.evidence.json  sha256 71d0 3fa2 ...    more: -v  exit 0",
    ]


def test_fail_page(stranger: Assessment) -> None:
    """The second page: who signed, what is on record, whom to call, in that order."""
    page = lines(stranger, exit_status=1)
    assert page[0] == "FAIL  ACME UPS 3.1.0                               DO NOT INSTALL (production 7)"
    text = "\n".join(page)
    for part in (
        "  The signature is intact, but not from a key you have on record for ACME. The\n"
        "  key came inside this package, so anybody could have made both.",
        "  Signed      0 %  of 2,411,520 bytes by a pinned key\n"
        "                   (100 % by 9f3a 77c0 51de 02b8: never pinned here)",
        "  Declared  14/15  not in the SBOM: dropbear 2022.83, /usr/sbin/dropbear",
        "  Origin    CHECKSUM, SAME CHANNEL (1 of 5). SHA256SUMS matches, but it came\n"
        "            with the file: whoever changes one changes both.",
        "  On record acme-fw-2024, 44c1 f0d2 8a7e 19b3: signed nothing in this delivery",
        "  Rules     28 of 31 required passed. Failed: signature.coverage,\n"
        "            signature.signer-pinned, origin.strength. Advisory:\n            component.undeclared.",
        "  Ignored   fwverify.toml: came inside, not used; release.pem: a key that came\n"
        "            inside is never trusted",
        "  Do next\n   1. Keep what is installed. Keep this file as evidence; do not pass it on.\n"
        "   2. Call ACME on the number in your contract, not one from this delivery. Have\n"
        "      them read out their signing key. Do not read them 9f3a ... first.\n"
        "   3. It differs: treat this as an incident. It is 9f3a ...: have two people pin\n"
        "      it (fwverify keys add --help), then verify again.",
    ):
        assert part in text
    assert "SAMPLE KEYS" not in text
    assert page[-1].endswith("more: -v  exit 1")


def test_inconclusive_page(unknown: Assessment) -> None:
    """The third page: no accusation, what was looked at, what can lead to a pass, and the digest to read out."""
    text = "\n".join(lines(unknown, command="12s7p.bin", exit_status=3))
    for part in (
        "INCONCLUSIVE  12s7p.bin                            DO NOT INSTALL (production 7)\n"
        "  Nothing here shows who made this file or whether it was changed. That is no\n"
        "  sign of tampering: no signature fwverify knows and no checksum came with it.",
        "  Signed      0 %  of 85,240 bytes; 31 schemes tried, in the file and beside it",
        "  Opened    partly Cortex-M program for 08000000, starts at 080002e0; texts and\n"
        "                   tables read, machine code not analysed, no files inside",
        "  Declared  -      no SBOM came with it; 0 components identified",
        "  Origin    NO METHOD (0 of 5).",
        '  Product   not established (text "12s7p" occurs); version not in the bytes',
        "Failed: none.",
        "  Do next (1 can lead to PASS; 2 and 3 only strengthen the record)",
        "      f72bb1c48eb90491cd2232ec3b4c495928e8e96643e8d544eba095ca64596d43\n"
        '      fwverify verify 12s7p.bin --sha256 HEX --channel "phone, NAME, DATE"',
        "production needs 4 of 5,\n      so the owner of your policy decides, not this tool.",
    ):
        assert part in text


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("verbose", [0, 1, 2])
@pytest.mark.parametrize("which", ["good", "stranger", "unknown"])
def test_no_line_leaves_the_page(which: str, width: int, verbose: int, request: pytest.FixtureRequest) -> None:
    """At every width and verbosity."""
    for line in lines(request.getfixturevalue(which), width=width, verbose=verbose):
        assert cells(line) <= width
        assert line == line.rstrip()


@pytest.mark.parametrize("which", ["good", "stranger", "unknown"])
def test_colour_is_paint_only(which: str, request: pytest.FixtureRequest) -> None:
    """Without colour no escape is printed; with it the same words stand there."""
    import re

    assessment = request.getfixturevalue(which)
    bare = render(assessment, Context(evidence_path=EVIDENCE))
    painted = render(assessment, Context(evidence_path=EVIDENCE, color=True))
    assert "\x1b" not in bare
    assert "\x1b[1;3" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == bare


def test_verbose_adds_below_the_page(stranger: Assessment) -> None:
    """-v names rules, the key's fingerprint and what each file was taken for; -vv the artifacts."""
    text = " ".join(" ".join(lines(stranger, verbose=1)).split())
    assert "signature.signer-pinned: must, fail" in text
    assert "key came inside the delivery" in text
    assert "bom.cdx.json: sbom, 9,000 bytes" in text
    assert "Artifacts" not in text
    assert "Artifacts" in "\n".join(lines(stranger, verbose=2))
    assert "more: -v" not in text


@pytest.mark.parametrize("decision", list(Decision))
def test_policy_action_is_on_the_first_line(good: Assessment, decision: Decision) -> None:
    """What the policy decides about, and never a permission beside anything but a pass."""
    verdict = replace(good.verdict, decision=decision, action="merge")
    first = lines(Assessment(good.evidence, verdict))[0]
    assert ("may be merged" in first) == (decision is Decision.PASS)
    assert ("DO NOT MERGE" in first) == (decision is not Decision.PASS)


def test_content_only_is_said_in_the_word(good: Assessment) -> None:
    """A pass that asked nothing about origin never reads like one that did."""
    page = lines(Assessment(good.evidence, replace(good.verdict, content_only=True)))
    assert page[0].startswith("PASS (CONTENT ONLY)  ")
    assert "was not asked" in "\n".join(page)
    assert "It is ACME's file" not in "\n".join(page)


def test_several_images_are_all_named(good: Assessment) -> None:
    """Each image with its digest, since the decision is about all of them."""
    first = good.evidence.artifacts[0]
    second = replace(first, locator=Locator((Step("recovery.bin"),)), size=77)
    evidence = replace(good.evidence, artifacts=(*good.evidence.artifacts, second))
    text = "\n".join(lines(Assessment(evidence, good.verdict)))
    assert "  Images    acme-ups.fit, 2,411,520 bytes, SHA-256 f72b" in text
    assert "recovery.bin, 77 bytes, SHA-256 f72b" in text


def test_the_release_itself_is_declared(good: Assessment) -> None:
    """os-release names the product, the SBOM has it as its subject: that is no undeclared component."""
    own = Component("ACME-UPS", "3.1.0", "", 95, ("os-release",), (Locator((Step("etc/os-release"),)),), ("q",))
    extra = Discrepancy(DiscrepancyKind.UNDECLARED, None, own, "not listed")
    evidence = replace(good.evidence, discrepancies=(*good.evidence.discrepancies, extra))
    assert "  Declared  15/15  components found are in the SBOM; 13 with the same version" in lines(
        Assessment(evidence, good.verdict)
    )
    other = replace(extra, observed=replace(own, version="9.9"))
    evidence = replace(good.evidence, discrepancies=(*good.evidence.discrepancies, other))
    assert "  Declared  14/15  not in the SBOM: ACME-UPS 9.9, etc/os-release" in lines(
        Assessment(evidence, good.verdict)
    )


def test_bytes_the_ledger_forgot_are_unexplained(good: Assessment) -> None:
    """A ledger that does not reach all of an image never reads 100 %."""
    image, spans = good.evidence.ledger.spans[0]
    short = replace(good.evidence.ledger, spans=((image, spans[:1]),))
    text = "\n".join(lines(Assessment(replace(good.evidence, ledger=short), good.verdict)))
    assert "Opened     99 %" in text
    assert "13,312 unexplained" in text


def test_no_process_no_exit_status(good: Assessment) -> None:
    """The library prints a page without claiming an exit status."""
    assert "exit" not in render(good, Context()).splitlines()[-1]


@given(name=st.text(st.characters(codec=None), min_size=1, max_size=90))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_hostile_names_cannot_move_the_cursor(good: Assessment, name: str) -> None:
    """Names of components, keys, files and products: nothing unprintable, no line too wide."""
    name += "\x1b[2J\u202e[bold red]"
    part = Component(name, name, "", 90, (name,), (Locator((Step(name),)),), (name,))
    extra = Discrepancy(DiscrepancyKind.UNDECLARED, None, part, name)
    evidence = replace(
        good.evidence, delivery=name, discrepancies=(*good.evidence.discrepancies, extra), components=(part,)
    )
    verdict = replace(good.verdict, product=name, version=name, installed=name, policy_id=name, policy_source=name)
    for color in (False, True):
        text = render(Assessment(evidence, verdict), Context(verbose=2, command=name, color=color))
        assert "\u202e" not in text
        assert "\x1b[2J" not in text
    bare = render(Assessment(evidence, verdict), Context(verbose=2, command=name)).splitlines()
    assert all(line.isprintable() and cells(line) <= 80 for line in bare)


def test_markup_is_text(good: Assessment) -> None:
    """Rich markup in a name is printed, not obeyed."""
    verdict = replace(good.verdict, product="[bold red]x[/] [link=http://evil]")
    assert "ACME [bold red]x[/] [link=http://evil] 3.1.0" in render(Assessment(good.evidence, verdict), Context())


def test_renderer_says_what_it_is() -> None:
    """The room lists it under the name the command line uses."""
    assert (RENDERER.name, RENDERER.suffix) == ("terminal", ".txt")
