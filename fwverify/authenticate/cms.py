"""CMS signers against the registry. Interface fixed by the lead; the body is being written."""

from __future__ import annotations

from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer
from fwverify.formats.cms import SignedData
from fwverify.trust.store import TrustStore


def signers(
    data: SignedData,
    message: Message,
    group: Group,
    trust: TrustStore,
    *,
    usual: tuple[tuple[str, str], ...] = (),
    made: tuple[tuple[str, str], ...] = (),
) -> tuple[Signer, ...]:
    """Check every signer of a SignedData over `message`; one Signer each, in file order, never empty.

    Chains: the signer's certificate is found among data.certificates, carried files and the registry; a path is built
    to a pinned x509 entry (root, intermediate or the signer's own SPKI; bare public-key entries match the signer's
    SPKI too). Dates are judged at a trusted timestamp if there is one, else at `group.at`: not yet valid is INVALID,
    expired stays VALID with its dates in `path` (a rule judges). No signers: one INVALID Signer.

    Args:
        data: parsed.
        message: the bytes that must be the content. For attached content the caller compares `data.content`.
        group: carried keys and certificates, time.
        trust: the registry.
        usual: constraints where an entry says nothing.
        made: further parameters to record and to hold against constraints.
    """
    raise NotImplementedError
