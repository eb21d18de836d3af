"""The terminal page against the three pages written out in the contract."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fwverify.model.artifact import ByteRange, Locator, Step
from fwverify.model.component import Component, Discrepancy, DiscrepancyKind
from fwverify.model.evidence import ChecksumObservation, SignatureStatus
from fwverify.model.verdict import Assessment, Decision, Strength
from fwverify.report.interface import Context
from fwverify.report.layout import cells
from fwverify.report.reading import broken, read
from fwverify.report.renderers.text import RENDERER, render

SHA256 = "f72bb1c48eb90491cd2232ec3b4c495928e8e96643e8d544eba095ca64596d43"
EVIDENCE = "acme-ups-3.1.0.evidence.json"


def lines(assessment: Assessment, **more: object) -> list[str]:
    context = replace(Context(evidence_path=EVIDENCE, exit_status=0, command="samples/acme-ups-3.1.0"), **more)
    return render(assessment, context).splitlines()


def test_pass_page(good: Assessment) -> None:
    """The first page, line by line."""
    assert lines(good) == [
        "PASS  ACME UPS 3.1.0                             may be installed (production 7)",
        "  It is ACME's file, unchanged, and holds what its parts list (SBOM) says.",
        "  SAMPLE KEYS: a demonstration, not a real vendor's file.",
        "  Signed    100 %  of 2,411,520 bytes to be installed, by pinned acme-fw-2024",
        "  Opened    100 %  2,398,208 bytes examined, 13,312 empty (FF), 0 unexplained",
        "  Declared  14/14  components found are in the SBOM; 12 with the same version,",
        "                   2 show none",
        "  Origin    SIGNED, PINNED KEY (4 of 5, 5 is best). Key 44c1 f0d2 8a7e 19b3,",
        "            confirmed by phone (J. Ortiz, 2026-10-03).",
        "  SBOM      CycloneDX 1.6, covered by the same signature, names this image",
        "  Version   3.0.2 -> 3.1.0, an upgrade (3.0.2 is what you said is installed)",
        "  Image     acme-ups.fit, 2,411,520 bytes, file SHA-256 f72b b1c4 ...",
        "  Rules     31 of 31 required passed; 0 not judged; 0 waived",
        "  Used      policy builtin:production; 1 key on record in the folder keys",
        "  Know this before you install",
        "   - libmodbus 3.1.10, lwip 2.1.3: their bytes show no version; these are what",
        "     the vendor says.",
        "   - The policy is to be reviewed by 2026-12-01.",
        "   - Keep a copy of what is installed now (3.0.2): no image to go back to was",
        "     checked.",
        "   - Questions? Call ACME on the number in your contract, not one from this",
        "     delivery.",
        "  Not proven: whether the device itself checks signatures; absence of flaws.",
        "  SAMPLE KEYS in use: this proves nothing about any real vendor.",
        "Evidence  acme-ups-3.1.0.evidence.json  sha256 71d0 3fa2 ...    more: -v  exit 0",
    ]


def test_fail_page(stranger: Assessment) -> None:
    """The second page: whose it is not, who signed, what is on record, whom to call, in that order."""
    page = lines(stranger, exit_status=1)
    assert page[0] == "FAIL  not proven to be ACME UPS                    DO NOT INSTALL (production 7)"
    text = "\n".join(page)
    at = 0
    for part in (
        "  NOT from ACME as far as we can tell: the signature is intact, but its key is\n"
        "  not on your record. The key came inside this package, so anybody could have\n"
        "  made the key and the signature.",
        "  Signed      0 %  of 2,411,520 bytes by a pinned key\n"
        "                   (100 % by key 9f3a 77c0 ..., never pinned here: not counted)",
        "  Declared  14/15  not in its parts list (SBOM): dropbear 2022.83,\n                   /usr/sbin/dropbear",
        "  Origin    CHECKSUM, SAME CHANNEL (1 of 5, 5 is best). SHA256SUMS matches, but\n"
        "            it came with the file: whoever changes one changes both.",
        "  On record acme-fw-2024, key 44c1 f0d2 8a7e 19b3: signed nothing here",
        "  Rules     28 of 33 required passed. Failed: signature.coverage,\n"
        "            signature.signer-pinned, origin.strength. Not judged without an\n"
        "            accepted signature: 1 about the signature, 1 about the version\n"
        "            (names: -v). Advisory, failed: component.undeclared.",
        "  Ignored   fwverify.toml: came inside, not used; release.pem: a key that came\n"
        "            inside is never trusted",
        "  Do next\n   1. Keep what is installed. Keep the firmware file as evidence; do not pass it\n"
        "      on.\n"
        "   2. Call ACME on the number in your contract, not one from this delivery. Have\n"
        "      them read out the fingerprint (SHA-256) of their signing key. Do not read\n"
        "      them the digits below first, or they may just say yes. Compare every digit\n"
        "      of the key that came:\n"
        "      9f3a 77c0 51de 02b8 0000 0000 0000 0000\n"
        "      0000 0000 0000 0000 0000 0000 0000 0000\n"
        "   3. If it differs from 9f3a 77c0 51de 02b8 (even in one digit): treat this as\n"
        "      an incident. If it is the same: have two people pin it (fwverify keys add\n"
        "      --help), then verify again.",
        "  Not proven: who made or changed it; its version; that anybody meant harm.",
    ):
        assert part in text[at:]
        at = text.index(part, at)
    assert "SAMPLE KEYS" not in text
    assert "Version" not in text
    assert page[-1].endswith("more: -v  exit 1")


def test_inconclusive_page(unknown: Assessment) -> None:
    """The third page: no accusation, what was looked at, what can lead to a pass, and the digest to compare."""
    text = "\n".join(lines(unknown, command="12s7p.bin", exit_status=3))
    for part in (
        "INCONCLUSIVE  12s7p.bin                            DO NOT INSTALL (production 7)\n"
        "  Nothing here shows who made this file or whether it was changed. That is no\n"
        "  sign of tampering: no signature fwverify knows and no checksum came with it.",
        "  Signed      0 %  of 85,240 bytes; 31 schemes tried, in the file and beside it",
        "  Opened    partly 240 of 85,240 bytes read, 85,000 not analysed (machine code).\n"
        "                   Cortex-M program for address 08000000, starts at 080002e0",
        "  Declared  -      no parts list (SBOM) came with it; 0 components identified",
        "  Origin    NO METHOD (0 of 5, 5 is best).",
        '  Product   not established (text "12s7p" occurs); version not in the bytes',
        "  Rules     None failed, 8 of 13 required passed. Not judged without a\n"
        "            signature: 2 about the signature, 1 about origin; because\n"
        "            85,000 bytes were not examined: 1 about secrets; for other reasons:\n"
        "            1 about components (names: -v).",
        "  Used      policy builtin:production; no key registry given (--keys DIR)",
        "  Do next (1 is needed for PASS, not enough; 2 and 3 only strengthen the record)\n"
        "   1. Call the vendor on the number in your contract, not one from this\n"
        "      delivery. Ask for a signature and its key. Pin the key, then verify again\n"
        "      with --keys keys:\n"
        "      fwverify keys add KEYFILE --vendor V --product P --purpose firmware \\\n"
        '        --channel "phone, NAME, DATE" --by YOU',
        "   2. Have them read THEIR SHA-256 of this file to you, on a number you already\n"
        "      had. Do not read out ours. Type theirs in place of HEX (reaches 2 of 5):\n"
        '      fwverify verify 12s7p.bin --sha256 HEX --channel "phone, NAME, DATE"\n'
        "      Ours, to compare:\n"
        "      f72b b1c4 8eb9 0491 cd22 32ec 3b4c 4959\n"
        "      28e8 e966 43e8 d544 eba0 95ca 6459 6d43\n"
        "      If it differs: do not install it, report it.",
        "   3. If they have no method: record their dated answer (--no-method FILE);\n"
        "      production needs 4 of 5, so whoever owns your policy (here fwverify's own\n"
        "      builtin:production) decides, not this tool.",
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
    assert "  Images    acme-ups.fit, 2,411,520 bytes, file SHA-256 f72b" in text
    assert "recovery.bin, 77 bytes, file SHA-256 f72b" in text
    assert "names an image here" in text, "an SBOM that names one image does not name all"


def test_the_release_itself_is_declared(good: Assessment) -> None:
    """os-release names the product, the SBOM has it as its subject: that is no undeclared component."""
    own = Component("ACME-UPS", "3.1.0", "", 95, ("os-release",), (Locator((Step("etc/os-release"),)),), ("q",))
    extra = Discrepancy(DiscrepancyKind.UNDECLARED, None, own, "not listed")
    evidence = replace(good.evidence, discrepancies=(*good.evidence.discrepancies, extra))
    assert "  Declared  15/15  components found are in the SBOM; 13 with the same version," in lines(
        Assessment(evidence, good.verdict)
    )
    other = replace(extra, observed=replace(own, version="9.9"))
    evidence = replace(good.evidence, discrepancies=(*good.evidence.discrepancies, other))
    assert "  Declared  14/15  not in the SBOM: ACME-UPS 9.9, etc/os-release" in lines(
        Assessment(evidence, good.verdict)
    )


def test_copies_inside_declared_components(good: Assessment) -> None:
    """They are told in a line of their own and change no figure."""
    part = Component(
        "lua", "5.1.5", "", 90, ("version-string",), (Locator((Step("bin/redis"),)),), ("q",), inside="redis"
    )
    extra = Discrepancy(DiscrepancyKind.COPY, None, part, "a copy inside of redis, which is declared")
    evidence = replace(good.evidence, discrepancies=(*good.evidence.discrepancies, extra), components=(part,))
    shown = lines(Assessment(evidence, good.verdict))
    assert "  Declared  14/14  components found are in the SBOM; 12 with the same version," in shown
    assert "                   inside of them, not listed apart: lua 5.1.5 in redis" in shown


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


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("--installed", "(3.0.2 is what you said is installed)"),
        ("policy demo", "(3.0.2 is what your policy says is installed; the unit was not asked)"),
        ("units.csv line 3", "(3.0.2 is what units.csv line 3 says is installed; the unit was not asked)"),
    ],
)
def test_whose_word_the_installed_version_is(good: Assessment, source: str, words: str) -> None:
    """Nobody asked the device, and the page does not read as if somebody had."""
    page = lines(Assessment(good.evidence, replace(good.verdict, installed_from=source)))
    assert words in " ".join(" ".join(page).split())


@pytest.mark.parametrize(
    ("decision", "strength", "shown"),
    [(Decision.PASS, 4, True), (Decision.PASS, 3, True), (Decision.PASS, 2, False), (Decision.FAIL, 4, True),
     (Decision.FAIL, 1, False), (Decision.INCONCLUSIVE, 0, False)],
)  # fmt: skip
def test_the_title_claims_no_maker_that_is_not_shown(
    good: Assessment, decision: Decision, strength: int, shown: bool
) -> None:
    """Vendor and product of the operator's expectation are no facts about this file."""
    verdict = replace(good.verdict, decision=decision, strength=Strength(strength, "WORDS", ""))
    first = lines(Assessment(good.evidence, verdict))[0]
    assert ("not proven to be ACME UPS" in first) != shown
    assert "ACME UPS" in first


def test_on_record_only_where_no_accepted_key_signed(stranger: Assessment, good: Assessment) -> None:
    """A key that signed nothing is worth a line only when none of the operator's keys signed anything."""
    other = replace(good.evidence.trust.keys[0], id="acme-old", fingerprint="ab" * 32)
    robot = replace(other, id="acme-ci", fingerprint="", identity="https://ci", issuer="https://login")
    trust = replace(good.evidence.trust, keys=(*good.evidence.trust.keys, other, robot))
    page = lines(Assessment(replace(stranger.evidence, trust=trust), stranger.verdict))
    at = page.index("  On record acme-fw-2024, key 44c1 f0d2 8a7e 19b3: signed nothing here")
    assert page[at + 1 : at + 3] == [
        "            acme-old, key abab abab abab abab: signed nothing here",
        "            and 1 more key: signed nothing here",
    ]
    failed = replace(good.verdict, decision=Decision.FAIL)
    assert "On record" not in "\n".join(lines(Assessment(replace(good.evidence, trust=trust), failed)))


def test_declared_figures_add_up(good: Assessment) -> None:
    """Every declared component is accounted for: same version, none shown, not to be compared."""
    known = good.evidence.discrepancies[0]
    odd = replace(known, version_agrees=None)
    evidence = replace(good.evidence, discrepancies=(*good.evidence.discrepancies, odd))
    text = " ".join(" ".join(lines(Assessment(evidence, good.verdict))).split())
    assert "15/15 components found are in the SBOM; 12 with the same version, 2 show none, 1 not to be compared" in text


def test_sbom_is_spelled_out_once(good: Assessment, stranger: Assessment, unknown: Assessment) -> None:
    """The first use says what it is; the others are short."""
    for one in (good, stranger, unknown):
        assert "\n".join(lines(one)).count("parts list (SBOM)") == 1


def test_an_identity_is_not_called_a_key(stranger: Assessment) -> None:
    """The key of a Sigstore certificate lives for minutes; nobody can read it out or pin it."""
    (signature,) = stranger.evidence.signatures
    other = replace(signature, identity="https://ci.example/release", issuer="https://login.example", carried=False)
    text = "\n".join(lines(Assessment(replace(stranger.evidence, signatures=(other,)), stranger.verdict)))
    assert "(100 % by an identity never pinned here: not counted)" in text
    assert "      https://ci.example/release\n      issuer https://login.example\n" in text
    assert "9f3a" not in text
    assert "digit" not in text


def test_unsigned_image_is_one_name(good: Assessment) -> None:
    """Of an image that nobody signed the page names the image, not everything inside."""
    first = good.evidence.artifacts[0]
    second = replace(first, locator=Locator((Step("recovery.bin"),)), size=77)
    span = replace(good.evidence.ledger.spans[0][1][0], owner=second.locator, range=ByteRange(0, 77), signed_by=())
    signed = replace(
        good.verdict.signed, total_bytes=2_411_597, uncovered=("recovery.bin!bin/sh", "recovery.bin", "acme-ups.fit!x")
    )
    case = Assessment(
        replace(
            good.evidence, artifacts=(*good.evidence.artifacts, second),
            ledger=replace(good.evidence.ledger, spans=(*good.evidence.ledger.spans, (second.locator, (span,)))),
        ),
        replace(good.verdict, decision=Decision.FAIL, signed=signed),
    )  # fmt: skip
    assert "(not signed: recovery.bin, acme-ups.fit!x)" in "\n".join(lines(case))


def test_verbose_shows_both_digests_whole(good: Assessment, wrong_checksum: ChecksumObservation) -> None:
    """The page cuts digests that do not fit each other; -v has every digit."""
    evidence = replace(good.evidence, checksums=(wrong_checksum,))
    case = Assessment(evidence, good.verdict)
    text = "".join(" ".join(lines(case, verbose=1)).split())
    assert f"shouldbe{wrong_checksum.declared.hex}is{SHA256}" in text
    assert SHA256 not in "".join(" ".join(lines(case)).split())


def test_broken_outermost_signature_is_named_first(good: Assessment) -> None:
    """Of several signatures that do not hold, the page speaks of the delivered file, not of a piece found inside."""
    one = good.evidence.signatures[0]
    inner = Locator((*one.source.steps, Step("@0x8000-0x9000")))
    bad = tuple(
        replace(one, status=SignatureStatus.INVALID, source=where, subject=where, detail=detail)
        for where, detail in ((inner, "a piece"), (one.source, "the whole"))
    )
    reading = read(Assessment(replace(good.evidence, signatures=bad), good.verdict))
    assert [each.detail for each in broken(reading)] == ["the whole", "a piece"]
