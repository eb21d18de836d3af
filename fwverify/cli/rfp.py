"""`fwverify rfp`: folders for bidders, with what to ask of them."""

from __future__ import annotations

from pathlib import Path

import click

from fwverify.cli import output, settings, status
from fwverify.errors import UsageError

PARTS = {
    "firmware": "a sample release as you deliver it: image, signatures, checksum lists",
    "sbom": "its SBOM: CycloneDX (or SPDX)",
    "signing": "your public keys or certificates, and how to verify with public tools",
    "advisories": "your security advisories of the last years, CSAF JSON",
    "evidence": "certificates and statements (IEC 62443-4-1, UL); people read these",
}
CLAUSE = (
    "The supplier delivers with every firmware release, for the term of the contract and at no charge, a software bill "
    "of materials in CycloneDX or SPDX that names every component in the delivered image, signed by the key that was "
    "confirmed to the buyer, and a signature over the image that the buyer can verify with public tools."
)


@click.group()
def rfp() -> None:
    """Ask bidders for what shows how their firmware is made: folders, questions, the sentence for the contract.

    \b
    Example: fwverify rfp new rfp-2026 --bidder volta --bidder norra
    """


@rfp.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--bidder", "bidders", metavar="NAME", multiple=True, required=True, help="One folder each; repeatable.")
def new(folder: Path, bidders: tuple[str, ...]) -> int:
    """Make a folder for each bidder: what to deliver, and the questions to answer.

    \b
    Example: fwverify rfp new rfp-2026 --bidder volta --bidder norra

    Then: fwverify scorecard rfp-2026/*/
    """
    for name in bidders:
        if not settings.NAME.fullmatch(name):
            raise UsageError(f"{name!r} cannot be a folder's name", where="--bidder",
                             todo="Use letters, digits, dot, dash and underscore.")  # fmt: skip
        if (folder / name).exists():
            raise UsageError("is there already", where=str(folder / name), todo="Choose another folder.")
    for name in bidders:
        _make(folder / name, name)
    output.emit(f"{folder}: {', '.join(bidders)}\nThen:  fwverify scorecard {folder}/*/\n")
    return status.PASS


def _make(folder: Path, name: str) -> None:
    try:
        for part in PARTS:
            (folder / part).mkdir(parents=True)
    except OSError as problem:
        raise UsageError(f"cannot be made: {problem.strerror}", where=str(folder)) from None
    output.write_whole(folder / "answers.yaml", answers(name).encode(), "DIR")
    output.write_whole(folder / "README.txt", readme(name).encode(), "DIR")


def answers(name: str) -> str:
    """The questions, to be answered."""
    from fwverify.scorecard.folder import LANGUAGE
    from fwverify.scorecard.questions import QUESTIONS

    lines = [
        "# One line an answer. What the delivered bytes contradict counts against you; what nothing shows, nothing.",
        f"answers: {LANGUAGE}",
        f"bidder: {name}",
        'product: ""',
    ]
    for one in QUESTIONS:
        lines += ["", f"# {one.text}  For example: {one.example}", f'{one.id}: ""']
    return "\n".join(lines) + "\n"


def readme(name: str) -> str:
    """What belongs into the folder."""
    parts = "".join(f"  {part + '/':<13} {what}\n" for part, what in PARTS.items())
    return (
        f"{name}: please deliver\n\n{parts}  answers.yaml  the answers to our questions\n\n"
        "We verify what you deliver with fwverify and public tools. The sentence of the contract:\n\n"
        f"  {CLAUSE}\n"
    )
