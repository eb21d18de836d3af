"""Jcat catalogues delivered beside the files they sign.

Layout: `formats.jcat`; signers: `jcat_items`. Sources: libjcat 0.2 README, LVFS documentation, read 2026-11-22.
Signed: each file whole. Not signed: the catalogue itself, so an Id says only which file to look at.

Procedure, for each item:
1. The file is the one in the catalogue's folder whose name is the Id, else an alias, exactly.
2. Its checksums are that file's, and each signature is checked over it (`jcat_items`).

A file that lies only inside a delivered cabinet is left to the scheme for cabinets. Does not do: transparency logs.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.authenticate import jcat_items
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.signer import Signer, observation
from fwverify.formats import cabinet, jcat
from fwverify.formats.jcat import Item, Jcat
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "jcat"


def _detect(artifact: Artifact) -> bool:
    return jcat.looks_like(artifact.content) or artifact.name.lower().endswith(".jcat")


def _parse(artifact: Artifact) -> tuple[Jcat, ...]:
    return (jcat.parse(artifact.content),)


def _verify(catalogue: Jcat, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    return tuple(one for item in catalogue.items for one in _item(item, catalogue, group, trust))


def _item(item: Item, catalogue: Jcat, group: Group, trust: TrustStore) -> Iterator[Observed]:
    if not jcat_items.signs(item):
        return
    file = _file(item, group)  # 1
    if file is None:
        if not _packed(item, group):
            detail = f"the file {item.names[0]} that it signs is not in the delivery"
            yield observation(Signer(SignatureStatus.UNVERIFIABLE, detail), NAME, group.locator(), None)
        return
    for one in jcat_items.signers(item, file.content, group, trust):  # 2
        yield observation(
            one.signer,
            NAME,
            group.locator(),
            file.locator,
            covers=file.whole,
            states=jcat_items.states(file.name, file.content),
            oddities=(*catalogue.oddities, *one.oddities),
        )


def _file(item: Item, group: Group) -> Artifact | None:
    folder, slash, _ = group.artifact.name.rpartition("/")
    named = (group.siblings.get(f"{folder}{slash}{name}") for name in item.names)
    return next((one for one in named if one is not None), None)


def _packed(item: Item, group: Group) -> bool:
    """True when a delivered cabinet has the file: its signatures are checked there."""
    for one in group.siblings.values():
        if not cabinet.looks_like(one.content):
            continue
        try:
            read = cabinet.parse(one.content, Budget())
        except (Malformed, Unsupported, LimitExceeded):
            continue
        if any(file.name in item.names for file in read.files):
            return True
    return False


SCHEME: SignatureScheme[Jcat] = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        title="Jcat catalogue",
        vendor="LVFS",
        references=("libjcat 0.2, README and jcat-item.c, read 2026-11-22",),
        limitations=("transparency log vouchers are named, not checked",),
    ),
)
