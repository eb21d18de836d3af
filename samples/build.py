"""Make every sample delivery, its expectation beside it, and the sample keys.

    python samples/build.py            writes samples/, keys/
    python samples/build.py --check    says what would change, writes nothing

Each bad sample differs from a good one in one thing, named in its expectation file. Keys are derived from their
names, so they are public; fwverify refuses them unless a policy says `allow-sample-keys: true`.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import recipes as make
import sigstore_lab

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SIGNED_AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
IDENTITY = "https://git.acme.example/firmware/.ci/release.yml@refs/tags/v2.0.0"
OTHER_IDENTITY = "https://git.acme.example/playground/.ci/release.yml@refs/heads/main"
ISSUER = "https://login.acme.example"
OTHER_ISSUER = "https://login.elsewhere.example"
DEMO = ("--policy", "samples/demo.yaml", "--keys", "keys")


@dataclass(frozen=True)
class Sample:
    """One delivery and what fwverify must say of it."""

    name: str
    differs: str
    """From which good one, and in what one thing."""
    exit: int
    files: dict[str, bytes]
    failed: tuple[str, ...] = ()
    """Required rules that fail: exactly these."""
    not_evaluated: tuple[str, ...] = ()
    """Rules that must be among those not evaluated."""
    says: tuple[str, ...] = ()
    """Words that must stand on the page."""
    options: tuple[str, ...] = DEMO
    operand: str = ""
    """Within the folder, when not the folder itself."""
    folder: str = ""
    """When another sample's files are used."""
    pair: str = field(default="")


IMAGE = "acme-ups-3.1.0.itb"
SBOM = "acme-ups-3.1.0.cdx.json"
SIGNER_RULES = ("origin.strength", "sbom.authentic", "signature.coverage", "signature.signer-pinned")


def ups_image(version: str = "3.1.0", extra: tuple[str, ...] = ()) -> bytes:
    root = make.squashfs((*make.UPS, *extra), make.root_files("acme-ups", version, "ACME UPS"))
    return make.fit("acme", "acme-ups", version, "ACME UPS", root)


def ups_sbom(image: bytes, version: str = "3.1.0", extra: tuple[str, ...] = (), **changed: str) -> bytes:
    return make.sbom("ACME Power", "acme-ups", version, image, (*make.UPS, *extra), **changed)


def flipped(data: bytes) -> bytes:
    """One bit of one byte in the middle of the root file system."""
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :]


def ups_samples() -> Iterator[Sample]:
    good = ups_image()
    payload = {IMAGE: good, SBOM: ups_sbom(good)}
    delivery = make.signed(payload, "acme-fw-2024")
    yield Sample("acme-ups-3.1.0", "the good one", 0, delivery, says=("PASS", "SAMPLE KEYS"))
    yield Sample(
        "acme-ups-3.1.0-flipped", "one bit of the image", 1, {**delivery, IMAGE: flipped(good)},
        failed=("checksum.match", "checksum.inner", "origin.strength", "signature.coverage"), pair="acme-ups-3.1.0",
    )  # fmt: skip
    resigned = make.signed(payload, "attacker") | {"acme-signing-key.pem": make.public_pem("attacker")}
    yield Sample(
        "acme-ups-3.1.0-resigned", "signed with another key, which came in the package", 1, resigned,
        failed=SIGNER_RULES, says=("never pinned here",), pair="acme-ups-3.1.0",
    )  # fmt: skip
    backdoor = ups_image(extra=("dropbear",))
    replaced = {**delivery, IMAGE: backdoor}
    replaced["SHA256SUMS"] = make.listed({IMAGE: backdoor, SBOM: payload[SBOM]})
    yield Sample(
        "acme-ups-3.1.0-replaced", "image and checksum list replaced together, the signature stale", 1, replaced,
        failed=(*SIGNER_RULES, "signature.valid", "component.undeclared"), pair="acme-ups-3.1.0",
    )  # fmt: skip
    yield Sample(
        "acme-ups-3.1.0-second-image", "a second image beside the signed one", 1,
        {**delivery, "recovery.bin": make.squashfs(("toybox",), {"etc/issue": "recovery\n"})},
        failed=("signature.coverage", "checksum.match", "origin.strength"), says=("recovery.bin",), pair="acme-ups-3.1.0",
    )  # fmt: skip
    undeclared = {IMAGE: backdoor, SBOM: ups_sbom(backdoor)}
    yield Sample(
        "acme-ups-3.1.0-undeclared", "a program that the SBOM does not name", 1,
        make.signed(undeclared, "acme-fw-2024"),
        failed=("component.undeclared",), says=("dropbear",), pair="acme-ups-3.1.0",
    )  # fmt: skip
    declared = {IMAGE: backdoor, SBOM: ups_sbom(backdoor, extra=("dropbear",))}
    edited = {**declared, "SHA256SUMS": make.listed(declared), "SHA256SUMS.sig": delivery["SHA256SUMS.sig"]}
    yield Sample(
        "acme-ups-3.1.0-backdoor-declared", "a program added, and the SBOM and list edited with it", 1, edited,
        failed=(*SIGNER_RULES, "signature.valid"), pair="acme-ups-3.1.0",
    )  # fmt: skip
    contradicted = {IMAGE: good, SBOM: ups_sbom(good, lighttpd="1.4.71")}
    yield Sample(
        "acme-ups-3.1.0-version", "the SBOM states another version of lighttpd", 1,
        make.signed(contradicted, "acme-fw-2024"),
        failed=("component.version-mismatch",), says=("lighttpd",), pair="acme-ups-3.1.0",
    )  # fmt: skip
    yield Sample(
        "acme-ups-3.1.0-other-vendor", "signed with the pinned key of another vendor", 1,
        make.signed(payload, "volta-fw-2025"), failed=SIGNER_RULES, says=("volta",), pair="acme-ups-3.1.0",
    )  # fmt: skip
    older = ups_image("3.0.1")
    old = {"acme-ups-3.0.1.itb": older, "acme-ups-3.0.1.cdx.json": ups_sbom(older, "3.0.1")}
    yield Sample(
        "acme-ups-3.0.1", "an older release, well signed", 1, make.signed(old, "acme-fw-2024"),
        failed=("version.no-downgrade",), says=("3.0.2",), pair="acme-ups-3.1.0",
    )  # fmt: skip
    yield Sample(
        "acme-ups-3.1.0-truncated", "the image cut at half its length", 1, {**delivery, IMAGE: good[: len(good) // 2]},
        failed=("checksum.match", "origin.strength", "signature.coverage"), pair="acme-ups-3.1.0",
    )  # fmt: skip
    yield Sample(
        "acme-ups-3.1.0-own-config", "re-signed, and it brings a policy, keys and configuration that would accept it",
        1, resigned | own_configuration(), failed=SIGNER_RULES, says=("not used",), pair="acme-ups-3.1.0-resigned",
    )  # fmt: skip


def own_configuration() -> dict[str, bytes]:
    """What an attacker would like fwverify to believe."""
    return {
        "fwverify.toml": b'policy = "policy.yaml"\nkeys = "keys"\n',
        "delivery.yaml": b"vendor: acme\nproduct: acme-ups\ninstalled: 3.0.2\n",
        "policy.yaml": b"fwverify: policy/1\nid: anything-goes\nversion: '1'\nrules:\n  signature.present: info\n",
        "keys/acme.yaml": key_file("acme", "ACME Power", [("attacker", "acme-fw-2024")]).encode(),
        "keys/acme/acme-fw-2024.pem": make.public_pem("attacker"),
    }


def pdu_samples() -> Iterator[Sample]:
    root = make.squashfs(make.PDU, make.root_files("acme-pdu", "2.0.0", "ACME PDU"))
    image = make.fit("acme", "acme-pdu", "2.0.0", "ACME PDU", root)
    files = {
        "acme-pdu-2.0.0.itb": image,
        "acme-pdu-2.0.0.cdx.json": make.sbom("ACME Power", "acme-pdu", "2.0.0", image, make.PDU),
    }
    sums = make.listed(files)
    options = (*DEMO, "--product", "acme-pdu", "--installed", "1.9.0")
    cases = (
        ("", "the good one, signed by a Sigstore identity", 0, IDENTITY, ISSUER),
        ("-identity", "signed by another identity", 1, OTHER_IDENTITY, ISSUER),
        ("-issuer", "signed through another issuer", 1, IDENTITY, OTHER_ISSUER),
    )
    for suffix, differs, code, identity, issuer in cases:
        bundle, _ = sigstore_lab.make(sums, identity, issuer, SIGNED_AT)
        yield Sample(
            f"acme-pdu-2.0.0-sigstore{suffix}", differs, code,
            {**files, "SHA256SUMS": sums, "SHA256SUMS.sigstore.json": bundle.encode()},
            failed=() if code == 0 else (*SIGNER_RULES, "sigstore.identity"), options=options,
            pair="" if code == 0 else "acme-pdu-2.0.0-sigstore",
        )  # fmt: skip


def bms_samples(image: bytes) -> Iterator[Sample]:
    yield Sample(
        "bms-12s", "raw microcontroller code, unsigned", 3, {"bms.bin": image}, options=(), operand="bms.bin",
        not_evaluated=("signature.valid", "signature.signer-pinned", "signature.coverage", "origin.strength", "secret.private-key"),
        says=("INCONCLUSIVE", "NO METHOD"),
    )  # fmt: skip
    yield Sample(
        "bms-12s-confirmed", "the same, its checksum read out by the vendor over the phone", 3, {}, folder="bms-12s",
        operand="bms.bin", pair="bms-12s", not_evaluated=("signature.valid",),
        options=("--sha256", hashlib.sha256(image).hexdigest(), "--channel", "phone, J. Ortiz, 2026-10-03"),
        says=("CHECKSUM, INDEPENDENT CHANNEL",),
    )  # fmt: skip


def key_file(vendor: str, legal: str, keys: list[tuple[str, str]], extra: str = "") -> str:
    entries = "".join(
        f"""  - id: {name}
    type: public-key
    file: {vendor}/{name}.pem
    spki-sha256: {make.fingerprint(secret)}
    purposes: [firmware, sbom]
    products: ["{vendor}-*"]
    valid-from: 2024-03-01
    valid-to: 2029-03-01
    status: active
    sources:
      - {{channel: phone, who: J. Ortiz, when: 2026-10-03, fingerprint: {make.fingerprint(secret)}}}
      - {{channel: on a unit in service, who: M. Lee, when: 2026-10-05, fingerprint: {make.fingerprint(secret)}}}
"""
        for secret, name in keys
    )
    return f"""# Sample keys of the invented vendor {legal}: published, they protect nothing. Made by samples/build.py.
fwverify: keys/1
vendor: {{id: {vendor}, legal-name: {legal}, domains: [{vendor}.example]}}
keys:
{entries}{extra}"""


def key_files() -> dict[str, bytes]:
    """keys/: two vendors, and a Sigstore identity under a private trust root."""
    _, trusted_root = sigstore_lab.make(b"", IDENTITY, ISSUER, SIGNED_AT)
    identity = f"""  - id: acme-release
    type: sigstore-identity
    identity: {IDENTITY}
    issuer: {ISSUER}
    trusted-root: acme/trusted_root.json
    purposes: [firmware, sbom]
    products: ["acme-pdu"]
    valid-from: 2026-01-01
    valid-to: 2029-01-01
    status: active
    sources:
      - {{channel: phone, who: J. Ortiz, when: 2026-10-03}}
      - {{channel: contract annex C, who: M. Lee, when: 2026-09-20}}
"""
    return {
        "acme.yaml": key_file("acme", "ACME Power", [("acme-fw-2024", "acme-fw-2024")], identity).encode(),
        "acme/acme-fw-2024.pem": make.public_pem("acme-fw-2024"),
        "acme/trusted_root.json": trusted_root.encode(),
        "volta.yaml": key_file("volta", "VOLTA Storage", [("volta-fw-2025", "volta-fw-2025")]).encode(),
        "volta/volta-fw-2025.pem": make.public_pem("volta-fw-2025"),
    }


def expectation(sample: Sample) -> str:
    """The file beside a sample that the scenario tests read."""
    operand = f"samples/{sample.folder or sample.name}" + (f"/{sample.operand}" if sample.operand else "")
    command = ["verify", operand, *sample.options]

    def array(values: tuple[str, ...] | list[str]) -> str:
        return "[" + ", ".join(f'"{one}"' for one in values) + "]"

    return (
        f'# Made by samples/build.py.\ndiffers = "{sample.differs}"\n'
        + (f'pair = "{sample.pair}"\n' if sample.pair else "")
        + f"command = {array(command)}\nexit = {sample.exit}\nfailed = {array(sorted(set(sample.failed)))}\n"
        + f"not_evaluated = {array(sample.not_evaluated)}\nsays = {array(sample.says)}\n"
    )


def units(samples: list[Sample]) -> bytes:
    """samples/units.csv for `fwverify batch`: every delivery with what is expected of it."""
    rows = ["delivery,vendor,product,installed"]
    for sample in samples:
        if sample.files:
            pdu = sample.name.startswith("acme-pdu")
            rest = (
                "acme,acme-pdu,1.9.0" if pdu else "acme,acme-ups,3.0.2" if sample.name.startswith("acme") else "volta,,"
            )
            rows.append(f"{sample.name},{rest}")
    return ("\n".join(rows) + "\n").encode()


def everything() -> dict[Path, bytes]:
    """Every file this script makes. Without a compiler for the microcontroller its committed image is kept."""
    committed = HERE / "bms-12s/bms.bin"
    image = make.microcontroller() if shutil.which("arm-none-eabi-gcc") else committed.read_bytes()
    out: dict[Path, bytes] = {ROOT / "keys" / name: data for name, data in key_files().items()}
    samples = [*ups_samples(), *pdu_samples(), *bms_samples(image)]
    out[HERE / "units.csv"] = units(samples)
    for sample in samples:
        out[HERE / f"{sample.name}.expected.toml"] = expectation(sample).encode()
        out.update({HERE / sample.name / name: data for name, data in sample.files.items()})
    return out


def main() -> int:
    made = everything()
    changed = sorted(path for path, data in made.items() if not path.is_file() or path.read_bytes() != data)
    for path in changed:
        print(path.relative_to(ROOT))
    if "--check" in sys.argv[1:]:
        return 1 if changed else 0
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made[path])
    print("fingerprints of the sample keys:", *(make.fingerprint(one) for one in ("acme-fw-2024", "volta-fw-2025")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
