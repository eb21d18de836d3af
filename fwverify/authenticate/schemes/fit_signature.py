"""U-Boot FIT signatures: of configurations, and of single images.

Source: U-Boot doc/usage/fit/signature.rst, read 2026-11-22; what is signed: `formats.fit_signed`.

Procedure for a configuration:
1. The signature holds, under a key on record, over the nodes the configuration stands for (rebuilt; `hashed-nodes` is
   not believed) and the strings it names, made as `algo` and `padding` say.
2. No signed property has its name outside the signed strings.
3. Every image it refers to is there, once, and has a digest of SHA-256 or better in its signed hash nodes; every
   digest there holds over the data. CRC-32, MD5 and SHA-1 bind nothing.
4. The default configuration is one of those whose signature is valid: the device boots it when nobody says otherwise.
   Where none is the default, all must be.

Signatures of single images cover the data of the image alone: kernels and device trees can be put together anew. They
count only under entries with `required: image`. Does not do: the pre-load header, dm-verity nodes, decryption.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from fwverify.authenticate import signer as signing
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer
from fwverify.formats import fit_signed
from fwverify.formats.fdt import MAGIC, Node, has_top_node
from fwverify.formats.fit import ALGORITHMS, HashNode, Image, read_fit
from fwverify.formats.fit_signed import SignatureNode, SignedConfiguration, SignedFit, SignedImage
from fwverify.model.artifact import Artifact, ByteRange, merged, subtracted
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "fit-signature"
STRONG = ("sha256", "sha384", "sha512")
USUAL = (("required", "conf"),)
_ALGORITHM = re.compile(r"(sha1|sha256|sha384|sha512),(rsa|ecdsa|secp)(\d{3,4})(?:r1)?")
_SIGNATURE_NODE = re.compile(rb"\x00\x00\x00\x01signature")
_STATED = (("compatible", "compatible"), ("description", "name"), ("version", "version"))
_COUNTERS = ("rollback-index", "security-counter")
MAX_STATED_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One signature of a configuration, checked."""

    signature: SignatureNode
    signer: Signer


@dataclass(slots=True)
class _Check:
    """One FIT being checked; digests of images are computed once."""

    signed: SignedFit
    group: Group
    trust: TrustStore
    required: str
    """What kinds of signatures there are: `conf`, `image` or both."""
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def view(self) -> memoryview:
        return self.group.artifact.content


def _detect(artifact: Artifact) -> bool:
    return artifact.content[:4] == MAGIC and has_top_node(artifact.content, "images")


def _parse(artifact: Artifact) -> tuple[SignedFit, ...]:
    """The signatures of the FIT; a broken tree matters only where a signature was meant to be."""
    try:
        signed = fit_signed.read_signed(read_fit(artifact.content))
    except Malformed:
        if _SIGNATURE_NODE.search(artifact.content) is None:
            return ()
        raise
    return (signed,) if signed else ()


def _verify(signed: SignedFit, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    kinds = [name for name, some in (("conf", signed.configurations), ("image", signed.images)) if some]
    check = _Check(signed, group, trust, ",".join(kinds))
    outcomes = [(one, _configuration(check, one)) for one in signed.configurations]
    unsound = _default_problem(signed, {one.configuration.name for one, found in outcomes if _any_valid(found)})
    observed = [_observe_configuration(check, one, outcome, unsound) for one, found in outcomes for outcome in found]
    return (*observed, *(_image(check, one, signature) for one in signed.images for signature in one.signatures))


def _any_valid(outcomes: Iterable[_Outcome]) -> bool:
    return any(one.signer.valid for one in outcomes)


def _default_problem(signed: SignedFit, valid: set[str]) -> str:
    """Why a device could boot a configuration that nobody signed; empty when it could not. Step 4."""
    default = signed.fit.default
    if not default:
        bare = [one.name for one in signed.fit.configurations if one.name not in valid]
        return f"no default configuration is named, and configuration {bare[0]} is not signed" if bare else ""
    if not signed.sound:
        return f"the default configuration {default} is not there"
    return "" if default in valid else f"the default configuration {default} is not signed by a key on record"


def _configuration(check: _Check, one: SignedConfiguration) -> list[_Outcome]:
    """Every signature of one configuration. Beside one that is valid, another signer's is not known, not broken."""
    found = [_Outcome(signature, _signer(check, one, signature)) for signature in one.signatures]
    if not _any_valid(found):
        return found
    return [_Outcome(each.signature, _beside(each)) for each in found]


def _beside(outcome: _Outcome) -> Signer:
    if outcome.signer.status is not SignatureStatus.INVALID or outcome.signer.key is not None:
        return outcome.signer
    named = f" (it calls its key {outcome.signature.hint})" if outcome.signature.hint else ""
    detail = f"by no key on record{named}; another signature of this configuration holds"
    return replace(outcome.signer, status=SignatureStatus.UNVERIFIABLE, detail=detail)


def _signer(check: _Check, one: SignedConfiguration, signature: SignatureNode) -> Signer:
    """Steps 1 to 3."""
    listed = [node for _, node in one.listed]
    found = _by_key(check, signature, _content(check, listed, signature))
    if found.held is None:
        return _explained(check, one, signature, found)
    renamed = fit_signed.unnamed(check.signed.fit.tree, listed, signature.strings_size)  # 2
    if renamed:
        return found.broken(f"the name of the signed property {renamed} is not signed")
    problem = _images_problem(check, one)  # 3
    return found.broken(problem) if problem else found


def _content(check: _Check, nodes: Iterable[Node], signature: SignatureNode) -> memoryview:
    tree = check.signed.fit.tree
    places = (*fit_signed.regions(tree, nodes), *fit_signed.strings(tree, signature.strings_size))
    return memoryview(b"".join(tree.view[one.start : one.end] for one in places))


def _by_key(check: _Check, signature: SignatureNode, content: memoryview) -> Signer:
    """Step 1: the key, and that the signature was made the way its node says."""
    stated = _ALGORITHM.fullmatch(signature.algorithm)
    if stated is None:
        what = signature.algorithm or "(none stated)"
        return Signer(SignatureStatus.UNVERIFIABLE, f"the signature algorithm {what} is not supported")
    if not signature.value:
        return Signer(SignatureStatus.INVALID, "the signature has no value")
    if signature.padding not in ("", "pkcs-1.5", "pss"):
        return Signer(SignatureStatus.UNVERIFIABLE, f"the padding {signature.padding} is not supported")
    family = "rsa" if stated[2] == "rsa" else "ecdsa"
    found = signing.by_key(
        signature.value,
        Message(content, hashes=(stated[1],)),
        check.group,
        check.trust,
        usual=USUAL,
        made=(("required", check.required),),
        algorithms=(family,),
    )
    otherwise = _made_otherwise(found, signature, int(stated[3]))
    return found.broken(otherwise) if otherwise else found


def _made_otherwise(found: Signer, signature: SignatureNode, bits: int) -> str:
    if found.held is None or found.key is None:
        return ""
    family = {"rsa-pkcs1v15": "pkcs-1.5", "rsa-pss": "pss", "ecdsa": ""}.get(found.held.algorithm, "?")
    if found.key.bits != bits or (family and family != (signature.padding or "pkcs-1.5")):
        said = f"{signature.algorithm} {signature.padding}".rstrip()
        return f"says it is made as {said}, and is made as {found.held.algorithm} with {found.key.bits} bits"
    if dict(found.held.parameters).get("encoding", "p1363") != "p1363":
        return "the ECDSA signature is written as DER, a FIT holds r and s"
    return ""


def _explained(check: _Check, one: SignedConfiguration, signature: SignatureNode, found: Signer) -> Signer:
    """Does it hold over what the signer listed? Then it leaves out what the configuration uses. Never valid."""
    paths = {path for path, _ in one.listed}
    left_out = sorted(paths.difference(signature.claimed))
    if found.status is not SignatureStatus.INVALID or not left_out or not signature.claimed:
        return found
    nodes = fit_signed.resolve(check.signed.fit.tree, signature.claimed)
    narrow = _by_key(check, signature, _content(check, nodes, signature))
    if narrow.held is None:
        return found
    return narrow.broken(f"the signature leaves out {', '.join(left_out[:4])}, which this configuration uses")


def _images_problem(check: _Check, one: SignedConfiguration) -> str:
    """Step 3, in plain words; empty when everything is bound."""
    if one.missing:
        return f"it names images that are not there: {', '.join(one.missing[:4])}"
    if not one.images:
        return "it names no image"
    for image in one.images:
        if image.name not in check.problems:
            check.problems[image.name] = _image_problem(check, image)
        if check.problems[image.name]:
            return check.problems[image.name]
    return ""


def _image_problem(check: _Check, image: Image) -> str:
    if image.data is None or image.disagrees:
        return image.disagrees or f"image {image.name}: {image.problem}"
    if image.external and image.data.start < check.signed.fit.tree.header.total_size:
        return f"image {image.name}: its data, said to be outside, lies inside the tree"
    content = check.view[image.data.start : image.data.end]
    for node in image.hashes:
        if node.algorithm in ALGORITHMS and not _holds(node, content):
            return f"image {image.name}: the {node.algorithm} digest in {node.name} does not hold"
    if not any(one.algorithm in STRONG and not one.ignored for one in image.hashes):
        kinds = ", ".join(sorted({one.algorithm or "none" for one in image.hashes})) or "none"
        return f"image {image.name} is not bound: its digests are {kinds}, SHA-256 or better is needed"
    return ""


def _holds(node: HashNode, content: memoryview) -> bool:
    if node.algorithm == "crc32":
        return node.value == zlib.crc32(content).to_bytes(4, "big")
    return node.value == hashlib.new(node.algorithm, content, usedforsecurity=False).digest()


def _observe_configuration(check: _Check, one: SignedConfiguration, outcome: _Outcome, unsound: str) -> Observed:
    found, signature = outcome.signer, outcome.signature
    if found.valid and unsound:
        found = found.broken(f"it is signed, but {unsound}")
    tree = check.signed.fit.tree
    covers = [*fit_signed.regions(tree, (node for _, node in one.listed))]
    covers += fit_signed.strings(tree, signature.strings_size)
    covers += [image.data for image in one.images if image.data]
    frame = fit_signed.frame(check.signed, signature.strings_size, one.listed) if found.held else ()
    return signing.observation(
        replace(found, detail=f"configuration {one.configuration.name}: {found.detail}"),
        NAME,
        check.group.artifact.locator,
        check.group.artifact.locator,
        covers=covers,
        envelope=subtracted(frame, merged(covers)),
        states=_states(check.signed, one),
        oddities=_oddities(one, signature),
    )


def _oddities(one: SignedConfiguration, signature: SignatureNode) -> Iterator[str]:
    if signature.claimed and set(signature.claimed) != {path for path, _ in one.listed}:
        yield f"{signature.path}: hashed-nodes lists other nodes than the configuration uses; older U-Boot believes it"


def _states(signed: SignedFit, one: SignedConfiguration) -> Iterator[tuple[str, str]]:
    """What signed nodes say of device and version."""
    tree = signed.fit.tree
    for name, statement in _STATED:
        for text in tree.texts(one.node, name):
            if text.isprintable() and 0 < len(text) <= MAX_STATED_CHARACTERS:
                yield statement, text
    for name in _COUNTERS:
        raw = tree.value(one.node.prop(name))
        if len(raw) == 4:
            yield name, str(int.from_bytes(raw, "big"))


def _image(check: _Check, one: SignedImage, signature: SignatureNode) -> Observed:
    """A signature over the data of one image."""
    data = one.image.data
    if data is None or one.image.disagrees:
        reason = one.image.disagrees or f"image {one.image.name}: {one.image.problem}"
        found, covers = Signer(SignatureStatus.INVALID, reason), []
    else:
        found, covers = _by_key(check, signature, check.view[data.start : data.end]), [data]
    return signing.observation(
        replace(found, detail=f"image {one.image.name}: {found.detail}"),
        NAME,
        check.group.artifact.locator,
        check.group.artifact.locator,
        covers=covers,
        envelope=_image_frame(check, signature, covers),
    )


def _image_frame(check: _Check, signature: SignatureNode, covers: list[ByteRange]) -> Iterable[ByteRange]:
    path = signature.path.rpartition("/")[0]
    nodes = [(path, node) for node in fit_signed.resolve(check.signed.fit.tree, [path])]
    return subtracted(fit_signed.frame(check.signed, 0, nodes), merged(covers))


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "U-Boot FIT signature",
        vendor="U-Boot",
        references=("U-Boot doc/usage/fit/signature.rst, read 2026-11-22",),
        limitations=(
            "The pre-load header is not read; dm-verity nodes are signed but their hash tree is not recomputed.",
            "Signatures of single images count only under entries with required: image.",
            "Trees with unit addresses (names with @) are refused, as current U-Boot refuses them.",
        ),
    ),
    embedded=True,
)
