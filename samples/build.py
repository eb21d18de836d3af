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
import signing_lab as lab
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


GATEWAY = (*DEMO, "--vendor", "acme", "--product", "acme-gw", "--installed", "1.3.0")
NORRA = (*DEMO, "--vendor", "norra", "--product", "norra-gw", "--installed", "2.0.0")
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
        {"bms-12s-3.2.0.bin": good + b"\x4f\xf0\x00\x00 patch table v2 " * 3 + b"\x01"}, options=MCU, pair="bms-12s-mcuboot",
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
    )  # fmt: skip
    files = {image_name: root, sbom_name: make.sbom("Norra Gateways", "norra-gw", "2.1.0", root, make.GATEWAY)}
    sums = make.listed(files)
    expired = lab.cms_signature(old, lab.rsa_key(OLD_LEAF), sums)
    stamped = lab.stamped(expired, authority, lab.rsa_key(STAMPA), SIGNED_AT)
    files["SHA256SUMS"] = sums
    yield Sample(
        "norra-gw-2.1.0-timestamped", "good: the certificate has expired, a timestamp shows it was signed before", 0,
        {**files, "SHA256SUMS.p7s": stamped}, options=NORRA, says=("PASS",),
    )  # fmt: skip
    yield Sample(
        "norra-gw-2.1.0-expired", "the same without the timestamp", 1, {**files, "SHA256SUMS.p7s": expired},
        options=NORRA, pair="norra-gw-2.1.0-timestamped",
    )  # fmt: skip
    one = {**files, "SHA256SUMS.p7s": lab.cms_signature(leaf, key, sums)}
    both = {**one, "SHA256SUMS.asc": lab.pgp_signature("norra-pgp-2026", sums)}
    yield Sample("norra-gw-2.1.0-two", "good: signed twice, CMS and OpenPGP", 0, both, options=NORRA, says=("PASS",))
    yield Sample(
        "norra-gw-2.1.0-stripped", "the OpenPGP signature taken away", 1, one, options=NORRA,
        pair="norra-gw-2.1.0-two", baseline="norra-gw-2.1.0-two",
    )  # fmt: skip


ROOT_CA, LEAF, OLD_LEAF, STAMPA = (
    "Norra Root 2025", "Norra Firmware 2026", "Norra Firmware 2025", "Stampa Time Authority",
)  # fmt: skip


def _day(year: int, month: int = 1) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


NORRA_CERTIFICATES = {
    "root": lab.certificate(ROOT_CA, ROOT_CA, _day(2025), _day(2045)),
    "leaf": lab.certificate(LEAF, ROOT_CA, _day(2026), _day(2036), lab.SIGNS_CODE),
    "expired": lab.certificate(OLD_LEAF, ROOT_CA, _day(2025), _day(2026, 11), lab.SIGNS_CODE),
    "stampa": lab.certificate(STAMPA, STAMPA, _day(2025), _day(2045), lab.STAMPS),
}


def pinned(
    name: str, kind: str, file: str, fingerprint: str, product: str, purposes: str = "firmware, sbom", more: str = ""
) -> str:
    """A registry entry, confirmed by two people over two channels."""
    return f"""  - id: {name}
    type: {kind}
    file: {file}
    spki-sha256: {fingerprint}
    purposes: [{purposes}]
    products: ["{product}"]
{more}    valid-from: 2025-01-01
    valid-to: 2036-01-01
    status: active
    sources:
      - {{channel: phone, who: J. Ortiz, when: 2026-10-03, fingerprint: {fingerprint}}}
      - {{channel: on a unit in service, who: M. Lee, when: 2026-10-05, fingerprint: {fingerprint}}}
"""


def signed_image_keys() -> dict[str, tuple[str, bytes]]:
    """Registry entry and key file of the samples whose signature is in the image or made with certificates."""
    fit, mcu, pgp = lab.rsa_key("acme-fit-2026"), lab.ed_key("volta-mcu-2026"), lab.ed_key("norra-pgp-2026")
    root, stampa = (lab.fingerprint(lab.rsa_key(one)) for one in (ROOT_CA, STAMPA))
    asked = "    constraints: {required: conf}\n"
    usage = "    constraints: {eku: codeSigning}\n"
    return {
        "acme/acme-fit-2026.pem": (
            pinned("acme-fit-2026", "public-key", "acme/acme-fit-2026.pem", lab.fingerprint(fit), "acme-gw", "firmware", asked),
            lab.public_pem(fit),
        ),
        "volta/volta-mcu-2026.pem": (
            pinned("volta-mcu-2026", "public-key", "volta/volta-mcu-2026.pem", lab.fingerprint(mcu), "bms-12s", "firmware"),
            lab.public_pem(mcu),
        ),
        "norra/norra-root-2025.pem": (
            pinned("norra-root-2025", "x509", "norra/norra-root-2025.pem", root, "norra-*", more=usage),
            lab.pem(NORRA_CERTIFICATES["root"]),
        ),
        "norra/norra-pgp-2026.asc": (
            pinned("norra-pgp-2026", "openpgp", "norra/norra-pgp-2026.asc", lab.fingerprint(pgp), "norra-*"),
            lab.pgp_certificate("norra-pgp-2026", "Norra Gateways <firmware@norra.example>"),
        ),
        "stampa/stampa-tsa.pem": (
            pinned("stampa-tsa", "x509", "stampa/stampa-tsa.pem", stampa, "*", "timestamp"),
            lab.pem(NORRA_CERTIFICATES["stampa"]),
        ),
    }  # fmt: skip


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


VENDORS = ("acme", "volta", "norra", "stampa")


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
    more = signed_image_keys()
    text = {vendor: "".join(one[0] for name, one in more.items() if name.startswith(vendor)) for vendor in VENDORS}
    acme, volta = [("acme-fw-2024", "acme-fw-2024")], [("volta-fw-2025", "volta-fw-2025")]
    return {
        **{name: one[1] for name, one in more.items()},
        "norra.yaml": key_file("norra", "Norra Gateways", [], text["norra"]).encode(),
        "stampa.yaml": key_file("stampa", "Stampa Time", [], text["stampa"]).encode(),
        "acme.yaml": key_file("acme", "ACME Power", acme, identity + text["acme"]).encode(),
        "acme/acme-fw-2024.pem": make.public_pem("acme-fw-2024"),
        "acme/trusted_root.json": trusted_root.encode(),
        "volta.yaml": key_file("volta", "VOLTA Storage", volta, text["volta"]).encode(),
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
