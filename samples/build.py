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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import recipes as make
import signing_lab as lab
import sigstore_lab
from key_registry import (
    IDENTITY,
    ISSUER,
    LEAF,
    NORRA_CERTIFICATES,
    OLD_LEAF,
    ROOT_CA,
    SIGNED_AT,
    STAMPA,
    key_file,
    key_files,
)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OTHER_IDENTITY = "https://git.acme.example/playground/.ci/release.yml@refs/heads/main"
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
    baseline: str = ""
    """The sample whose evidence this one is held against."""


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
        failed=("checksum.match", "checksum.inner", "package.manifest-consistent", "origin.strength", "signature.coverage"),
        pair="acme-ups-3.1.0",
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


GATEWAY = (*DEMO, "--vendor", "acme", "--product", "acme-gw", "--installed", "1.3.0")
NORRA = ("--policy", "samples/norra.yaml", "--keys", "keys")
MCU = ("--policy", "samples/mcu.yaml", "--keys", "keys")


def gateway_samples() -> Iterator[Sample]:
    """A FIT whose configuration is signed; its SBOM signed beside it."""
    words = {"vendor": "acme", "product": "acme-gw", "version": "1.4.0", "title": "ACME Gateway"}
    root = make.squashfs(make.GATEWAY, make.gateway_files("acme-gw", "1.4.0", "ACME Gateway"))
    name, sbom_name = "acme-gw-1.4.0.itb", "acme-gw-1.4.0.cdx.json"
    good = lab.signed_fit(lab.rsa_key("acme-fit-2026"), root, words)
    sbom = make.sbom("ACME Power", "acme-gw", "1.4.0", good, make.GATEWAY)
    files = {name: good, sbom_name: sbom, f"{sbom_name}.sig": make.sign("acme-fw-2024", sbom)}
    yield Sample("acme-gw-1.4.0", "a good FIT, its configuration signed", 0, files, options=GATEWAY, says=("PASS",))
    other = lab.signed_fit(lab.rsa_key("acme-fit-2026"), root, words, unsigned_default=True)
    yield Sample(
        "acme-gw-1.4.0-unsigned-default", "a second configuration without a signature, made the default", 1,
        {**files, name: other}, options=GATEWAY, pair="acme-gw-1.4.0",
        failed=("origin.strength", "signature.coverage", "signature.valid"), says=("default configuration conf-2",),
    )  # fmt: skip


def mcuboot_samples(program: bytes) -> Iterator[Sample]:
    """Microcontroller code behind the header and before the records of MCUboot."""
    good = lab.mcuboot(lab.ed_key("volta-mcu-2026"), program, "3.2.0")
    yield Sample(
        "bms-12s-mcuboot", "a good MCUboot image, signed by a pinned key", 0, {"bms-12s-3.2.0.bin": good}, options=MCU,
        says=("PASS",),
    )  # fmt: skip
    yield Sample(
        "bms-12s-mcuboot-appended", "64 bytes behind the last record", 1,
        {"bms-12s-3.2.0.bin": good + b"patch table v2: " * 4}, options=MCU, pair="bms-12s-mcuboot",
        failed=("origin.strength", "signature.coverage"), says=("0x730-0x770", "bms-12s-3.2.0.bin"),
    )  # fmt: skip


def norra_samples() -> Iterator[Sample]:
    """A vendor with a certificate authority: RAUC bundles, CMS with and without a timestamp, two kinds of signature."""
    root = make.squashfs(make.GATEWAY, make.gateway_files("norra-gw", "2.1.0", "Norra Gateway"))
    leaf, old, authority = (NORRA_CERTIFICATES[one] for one in ("leaf", "expired", "stampa"))
    key = lab.rsa_key(LEAF)
    kept = HERE / "norra-gw-2.1.0-rauc/norra-gw-2.1.0.raucb"
    bundle = lab.rauc_bundle(kept, root, "norra-gw", "2.1.0", key, lab.pem(leaf))
    sbom_name, image_name = "norra-gw-2.1.0.cdx.json", "norra-gw-2.1.0.squashfs"
    sbom = make.sbom("Norra Gateways", "norra-gw", "2.1.0", bundle, make.GATEWAY)
    rauc = {kept.name: bundle, sbom_name: sbom, f"{sbom_name}.p7s": lab.cms_signature(leaf, key, sbom)}
    yield Sample("norra-gw-2.1.0-rauc", "a good RAUC bundle", 0, rauc, options=NORRA, says=("PASS",))
    texts = make.gateway_files("norra-gw", "2.1.0", "Norra Gateway")
    texts["etc/inittab"] = "::respawn:/usr/sbin/mini_httpd -D -d / -p 8080 -u root\n"
    yield Sample(
        "norra-gw-2.1.0-rauc-changed", "one line of /etc/inittab in the payload of the bundle", 1,
        {**rauc, kept.name: lab.other_payload(bundle, root, make.squashfs(make.GATEWAY, texts))}, options=NORRA, pair="norra-gw-2.1.0-rauc",
        failed=("origin.strength", "signature.coverage", "signature.valid"), says=("changed after signing",),
    )  # fmt: skip
    files = {image_name: root, sbom_name: make.sbom("Norra Gateways", "norra-gw", "2.1.0", root, make.GATEWAY)}
    sums = make.listed(files)
    expired = lab.cms_signature(old, lab.rsa_key(OLD_LEAF), sums)
    stamped = lab.stamped(expired, authority, lab.rsa_key(STAMPA), SIGNED_AT)
    files["SHA256SUMS"] = sums
    yield Sample(
        "norra-gw-2.1.0-timestamped", "good: the certificate has expired, a timestamp shows it was signed before", 0,
        {**files, "SHA256SUMS.p7s": stamped}, options=NORRA, says=("PASS", "PINNED AND TIMED"),
    )  # fmt: skip
    yield Sample(
        "norra-gw-2.1.0-expired", "the same without the timestamp", 1, {**files, "SHA256SUMS.p7s": expired},
        options=NORRA, pair="norra-gw-2.1.0-timestamped", failed=("signature.chain",),
        says=("expired on 2026-11-01",),
    )  # fmt: skip
    one = {**files, "SHA256SUMS.p7s": lab.cms_signature(leaf, key, sums)}
    both = {**one, "SHA256SUMS.asc": lab.pgp_signature("norra-pgp-2026", sums)}
    yield Sample("norra-gw-2.1.0-two", "good: signed twice, CMS and OpenPGP", 0, both, options=NORRA, says=("PASS",))
    yield Sample(
        "norra-gw-2.1.0-stripped", "the OpenPGP signature taken away", 1, one, options=NORRA,
        pair="norra-gw-2.1.0-two", baseline="norra-gw-2.1.0-two", failed=("signature.all-required",),
        says=("norra/norra-pgp-2026",),
    )  # fmt: skip


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
        + (f'baseline = "{sample.baseline}"\n' if sample.baseline else "")
        + f"not_evaluated = {array(sample.not_evaluated)}\nsays = {array(sample.says)}\n"
    )


UNITS = {
    "acme-pdu": "acme,acme-pdu,1.9.0", "acme-gw": "acme,acme-gw,1.3.0", "acme": "acme,acme-ups,3.0.2",
    "norra": "norra,norra-gw,2.0.0", "bms-12s-mcuboot": "volta,bms-12s,3.1.0", "bms": "volta,,",
}  # fmt: skip
"""Start of a sample's name -> its columns vendor, product, installed."""


def units(samples: list[Sample]) -> bytes:
    """samples/units.csv for `fwverify batch`: every delivery with what is expected of it."""
    rows = ["delivery,vendor,product,installed"]
    for sample in samples:
        if sample.files:
            rest = next(rest for start, rest in UNITS.items() if sample.name.startswith(start))
            rows.append(f"{sample.name},{rest}")
    return ("\n".join(rows) + "\n").encode()


def everything() -> dict[Path, bytes]:
    """Every file this script makes. Without a compiler for the microcontroller its committed image is kept."""
    committed = HERE / "bms-12s/bms.bin"
    image = make.microcontroller() if shutil.which("arm-none-eabi-gcc") else committed.read_bytes()
    out: dict[Path, bytes] = {ROOT / "keys" / name: data for name, data in key_files().items()}
    samples = [*ups_samples(), *pdu_samples(), *bms_samples(image)]
    samples += [*gateway_samples(), *mcuboot_samples(image), *norra_samples()]
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
    names = {one: lab.rsa_key(one) for one in ("acme-fit-2026", ROOT_CA, LEAF, OLD_LEAF, STAMPA)}
    for name, key in {**names, **{one: lab.ed_key(one) for one in ("volta-mcu-2026", "norra-pgp-2026")}}.items():
        print(lab.fingerprint(key), name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
