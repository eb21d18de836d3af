"""Make samples/rfp: five invented bidders, each with another strength and weakness.

    python samples/rfp_lab.py

Everything is derived from names: the keys are public and worth nothing. The image of three of them is that of the sample
norra-gw-2.1.0-two; the others are made here.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "rfp"
GATEWAY = HERE / "norra-gw-2.1.0-two"
IMAGE, SBOM = "norra-gw-2.1.0.squashfs", "norra-gw-2.1.0.cdx.json"
Files = dict[str, bytes]
HONEST = {
    "signed": "yes", "sbom": "yes", "sbom-complete": "yes", "sbom-signed": "yes", "default-passwords": "no",
    "shared-keys": "no", "cleartext-services": "no", "debug-access": "no", "addresses": "*.norra.example",
    "unattended-updates": "no", "rollback-protection": "yes", "provenance": "no", "post-quantum": "no",
    "advisories": "yes", "days-to-fix": "30", "support-years": "12", "iec-62443-4-1": "yes",
    "key-rotation": "old keys sign new ones; announced by letter",
}  # fmt: skip


def key(name: str) -> Ed25519PrivateKey:
    """A key that everybody can make."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"fwverify sample bidder {name}".encode()).digest())


def public(name: str) -> bytes:
    return key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed(name: str, files: Files) -> Files:
    """The files, each with a detached signature beside it."""
    return files | {f"{path}.sig": key(name).sign(content) for path, content in files.items()}


def answers(bidder: str, given: dict[str, str]) -> bytes:
    lines = ["answers: fwverify-answers/1", f"bidder: {bidder}"]
    return ("\n".join(lines + [f"{name}: {json.dumps(value)}" for name, value in given.items()]) + "\n").encode()


def advisory(number: int, found: str, fixed: str) -> bytes:
    """A CSAF 2.0 document, as small as one can be."""
    day = f"{fixed}T00:00:00.000Z"
    document: dict[str, Any] = {
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "title": f"Flaw {number}",
            "publisher": {"category": "vendor", "name": "Norra", "namespace": "https://norra.example"},
            "tracking": {"id": f"NORRA-2026-{number:03}", "status": "final", "version": "1", "initial_release_date": day,
                         "current_release_date": day,
                         "revision_history": [{"date": day, "number": "1", "summary": "First"}]},
        },
        "vulnerabilities": [{"discovery_date": f"{found}T00:00:00.000Z", "title": f"Flaw {number}",
                             "remediations": [{"category": "vendor_fix", "date": day, "details": "Install 2.1.0."}]}],
    }  # fmt: skip
    return (json.dumps(document, indent=1) + "\n").encode()


def archive(files: Files) -> bytes:
    """A tar file with fixed dates."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as made:
        for name, content in sorted(files.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(content), 1_780_000_000, 0o644
            made.addfile(info, io.BytesIO(content))
    return out.getvalue()


def gateway() -> tuple[bytes, bytes]:
    return (GATEWAY / IMAGE).read_bytes(), (GATEWAY / SBOM).read_bytes()


def norra() -> Files:
    """Signed image and SBOM, advisories, honest answers."""
    image, sbom = gateway()
    return (
        signed("norra", {f"firmware/{IMAGE}": image, f"sbom/{SBOM}": sbom})
        | {
            "signing/norra-release.pem": public("norra"),
            "advisories/norra-2026-001.json": advisory(1, "2026-03-01", "2026-03-15"),
            "advisories/norra-2026-002.json": advisory(2, "2026-06-01", "2026-06-29"),
            "answers.yaml": answers("norra", HONEST),
        }
    )  # fmt: skip


def kestrel() -> Files:
    """Signed, but with a telnet service, a shared private key and a password everybody knows; denies all of it."""
    private = key("kestrel device").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    image = archive({
        "etc/inittab": b"::sysinit:/etc/init.d/rcS\n::respawn:/usr/sbin/telnetd -F\n",
        "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nservice::0:0:service:/root:/bin/sh\n",
        "etc/shadow": b"root:$1$fwverify$" + base64.b64encode(bytes(16))[:22] + b":19000:0:99999:7:::\nservice::19000:0:99999:7:::\n",
        "etc/ssl/private/device.pem": private,
        "etc/agent.conf": b"broker = mqtt://telemetry.kestrel-cloud.net:1883\n",
        "etc/os-release": b'ID=kestrel\nNAME="Kestrel PDU"\nVERSION_ID=5.0.1\n',
    })  # fmt: skip
    sbom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "metadata": {"component": {"type": "firmware", "name": "kestrel-pdu", "version": "5.0.1",
                                       "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(image).hexdigest()}]}},
            "components": [{"type": "library", "name": "mosquitto", "version": "2.0.18"}]}  # fmt: skip
    files = {"firmware/kestrel-pdu-5.0.1.tar": image, "sbom/kestrel-pdu-5.0.1.cdx.json": json.dumps(sbom).encode()}
    return signed("kestrel", files) | {
        "signing/kestrel.pem": public("kestrel"),
        "answers.yaml": answers("kestrel", HONEST | {"addresses": "*.kestrel.example"}),
    }


def sealed() -> Files:
    """One encrypted file: nothing can be said of it, whatever is answered."""
    content = b"".join(hashlib.sha256(b"sealed %d" % at).digest() for at in range(512))
    return {
        "firmware/sealed-4.2.bin": content,
        "answers.yaml": answers("sealed", HONEST | {"addresses": "*.sealed.example"}),
    }


def orbit() -> Files:
    """No signature, no SBOM, and answers that are no YAML."""
    return {"firmware/orbit-1.9.squashfs": gateway()[0], "answers.yaml": b"answers: fwverify-answers/1\nsigned: [yes\n"}


def lumen() -> Files:
    """Signed, with an SBOM that states another release of what is inside."""
    image, sbom = gateway()
    document = json.loads(sbom)
    for one in document["components"]:
        if one.get("version"):
            one["version"] = "9." + one["version"]
    changed = (json.dumps(document, indent=1) + "\n").encode()
    return signed("lumen", {"firmware/lumen-2.1.0.squashfs": image, "sbom/lumen-2.1.0.cdx.json": changed}) | {
        "signing/lumen.pem": public("lumen"),
        "answers.yaml": answers(
            "lumen", HONEST | {"addresses": "*.lumen.example", "days-to-fix": "", "advisories": "no"}
        ),
    }


BIDDERS = {"norra": norra, "kestrel": kestrel, "sealed": sealed, "orbit": orbit, "lumen": lumen}


def main() -> None:
    """Write samples/rfp anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, made in BIDDERS.items():
        for path, content in made().items():
            target = FOLDER / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


if __name__ == "__main__":
    main()
