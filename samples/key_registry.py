"""The sample keys as an operator would have pinned them: keys/*.yaml, key files, certificates. Used by build.py alone."""

from __future__ import annotations

from datetime import UTC, datetime

import recipes as make
import signing_lab as lab
import sigstore_lab

SIGNED_AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
IDENTITY = "https://git.acme.example/firmware/.ci/release.yml@refs/tags/v2.0.0"
ISSUER = "https://login.acme.example"
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
