"""One signature check, beside the official tool on the same files, as ratios.

    python benchmarks/signatures.py [RUNS] [MIB]

Fresh payload and keys are made with the official tools in a temporary folder (openssl, gpg, minisign, ssh-keygen,
signify, rauc; what is not installed is left out and said). Sigstore: the shipped sample, beside sigstore-python alone
(what `cosign verify-blob-attestation` offline does, as a library). Three columns: the tool's process, the process
`fwverify authenticate`, and one check in a process that is already warm. Gates nothing: quote ratios, machines differ.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fwverify.authenticate.stage import Inside, authenticate_delivery
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Role
from fwverify.model.evidence import SignatureStatus
from fwverify.trust.registry import load
from fwverify.trust.store import TrustStore, carried_keys

ROOT = Path(__file__).resolve().parents[1]
AT = "2026-11-22T00:00:00Z"
SIGSTORE = """
import sys
from pathlib import Path
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy
root, bundle, image, who, issuer = sys.argv[1:]
verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
verifier.verify_artifact(Path(image).read_bytes(), Bundle.from_json(Path(bundle).read_bytes()),
                         policy.Identity(identity=who, issuer=issuer))
"""


@dataclass(frozen=True)
class Subject:
    """One delivery, its registry, and the official command on the same files."""

    name: str
    delivery: Path
    keys: Path
    official: tuple[str, ...]
    at: str = AT


def sh(folder: Path, command: str) -> None:
    subprocess.run(["bash", "-ec", command], cwd=folder, check=True, capture_output=True)


def add(folder: Path, key: str) -> None:
    """Pin the key of a made delivery."""
    sh(
        folder,
        f"{sys.executable} -m fwverify keys add {key} --keys keys --vendor acme --product 'acme-*' --purpose firmware "
        "--channel phone --by ME --yes",
    )


def raw(folder: Path) -> tuple[str, ...]:
    sh(folder, "openssl ecparam -name prime256v1 -genkey -noout -out k.pem;"
               "openssl pkey -in k.pem -pubout -out k.pub.pem;"
               "openssl dgst -sha256 -sign k.pem -out d/fw.bin.sig d/fw.bin")  # fmt: skip
    add(folder, "k.pub.pem")
    return ("openssl", "dgst", "-sha256", "-verify", "k.pub.pem", "-signature", "d/fw.bin.sig", "d/fw.bin")


def cms(folder: Path) -> tuple[str, ...]:
    sh(folder, "openssl req -x509 -newkey rsa:3072 -nodes -keyout k.pem -out k.crt -subj /CN=ACME -days 30"
               " -addext extendedKeyUsage=codeSigning -addext keyUsage=digitalSignature;"
               "openssl cms -sign -binary -in d/fw.bin -signer k.crt -inkey k.pem -outform DER -out d/fw.bin.p7s"
               " -noattr -md sha256")  # fmt: skip
    add(folder, "k.crt")
    return ("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "d/fw.bin.p7s", "-content", "d/fw.bin",
            "-CAfile", "k.crt", "-purpose", "any", "-out", os.devnull)  # fmt: skip


def gpgv(folder: Path) -> tuple[str, ...]:
    home = folder / "gnupg"
    home.mkdir(mode=0o700)
    gpg = f"gpg --homedir {home} --batch --pinentry-mode loopback --passphrase ''"
    sh(folder, f"{gpg} --quick-gen-key 'ACME <fw@acme.example>' ed25519 sign; {gpg} --export > k.gpg;"
               f"{gpg} --detach-sign -o d/fw.bin.sig d/fw.bin")  # fmt: skip
    add(folder, "k.gpg")
    return ("gpgv", "--keyring", "./k.gpg", "d/fw.bin.sig", "d/fw.bin")


def minisign(folder: Path) -> tuple[str, ...]:
    sh(folder, "minisign -G -W -f -p k.pub -s k.key; minisign -S -W -s k.key -m d/fw.bin")
    add(folder, "k.pub")
    return ("minisign", "-V", "-q", "-p", "k.pub", "-m", "d/fw.bin")


def signify(folder: Path) -> tuple[str, ...]:
    sh(folder, "signify-openbsd -G -n -p k.pub -s k.sec; signify-openbsd -S -s k.sec -m d/fw.bin -x d/fw.bin.sig")
    add(folder, "k.pub")
    return ("signify-openbsd", "-V", "-q", "-p", "k.pub", "-m", "d/fw.bin", "-x", "d/fw.bin.sig")


def rauc(folder: Path) -> tuple[str, ...]:
    sh(folder, "mkdir in; mv d/fw.bin in/rootfs.img;"
               "printf '[update]\\ncompatible=acme-gw\\nversion=1\\n[bundle]\\nformat=verity\\n"
               "[image.rootfs]\\nfilename=rootfs.img\\n' > in/manifest.raucm;"
               "openssl req -x509 -newkey rsa:3072 -nodes -keyout k.pem -out k.crt -subj /CN=ACME -days 30;"
               "rauc bundle --cert=k.crt --key=k.pem in d/fw.raucb")  # fmt: skip
    add(folder, "k.crt")
    return ("rauc", "info", "--keyring=k.crt", "d/fw.raucb")


MAKERS: dict[str, tuple[str, Callable[[Path], tuple[str, ...]]]] = {
    "raw ECDSA / openssl dgst": ("openssl", raw),
    "CMS / openssl cms": ("openssl", cms),
    "OpenPGP / gpgv": ("gpgv", gpgv),
    "minisign / minisign": ("minisign", minisign),
    "signify / signify": ("signify-openbsd", signify),
    "RAUC verity / rauc info": ("rauc", rauc),
}


def subjects(work: Path, mib: int) -> list[Subject]:
    found = []
    for number, (name, (tool, make)) in enumerate(MAKERS.items()):
        if shutil.which(tool) is None:
            print(f"left out: {name} ({tool} is not installed)")
            continue
        folder = work / str(number)
        (folder / "d").mkdir(parents=True)
        (folder / "d/fw.bin").write_bytes(random.Random(number).randbytes(mib << 20))
        official = make(folder)
        found.append(Subject(name, folder / "d", folder / "keys", official, time.strftime("%Y-%m-%dT%H:%M:%SZ")))
    return [*found, sigstore(work)]


def sigstore(work: Path) -> Subject:
    """The shipped sample; sigstore-python in a process of its own is what a user would otherwise run."""
    sample = ROOT / "samples/acme-pdu-2.0.0-sigstore"
    entry = next(one for one in load(ROOT / "keys").keys if one.record.type == "sigstore-identity")
    (work / "root.json").write_bytes(entry.trusted_root)
    image, bundle = (str(next(sample.glob(glob))) for glob in ("SHA256SUMS", "*.sigstore.json"))
    command = (sys.executable, "-c", SIGSTORE, str(work / "root.json"), bundle, image, entry.record.identity,
               entry.record.issuer)  # fmt: skip
    return Subject("Sigstore / sigstore-python", sample, ROOT / "keys", command)


def timed(command: tuple[str, ...], folder: Path) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True)
    took = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{command} failed: {done.stdout.decode()} {done.stderr.decode()}")
    return took


def warm(one: Subject, trust: TrustStore) -> float:
    """One check in this process, files read anew."""
    start = time.perf_counter()
    delivery = ingest([one.delivery], DEFAULT_LIMITS).delivery
    carried = carried_keys(delivery.of(Role.KEY))
    found = authenticate_delivery(delivery, carried, trust, one.at)
    inside = Inside(delivery, carried, trust, one.at, found)
    for image in delivery.of(Role.IMAGE):
        inside.check(image)
    took = time.perf_counter() - start
    if SignatureStatus.VALID not in {signature.status for signature in found.signatures}:
        sys.exit(f"{one.name}: not valid: {found.signatures} {found.gaps}")
    return took


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    mib = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    with tempfile.TemporaryDirectory() as place:
        every = subjects(Path(place), mib)
        print(f"{'scheme / official tool':28} {'tool s':>8} {'fwverify s':>11} {'ratio':>7} {'warm s':>8} {'ratio':>7}"
              f"   (median of {runs}, {mib} MiB)")  # fmt: skip
        for one in every:
            command = (sys.executable, "-m", "fwverify", "authenticate", str(one.delivery), "--keys", str(one.keys))
            trust = load(one.keys)
            rows = [
                (timed(one.official, one.delivery.parent), timed((*command, "--at", one.at), ROOT), warm(one, trust))
                for _ in range(runs + 1)
            ][1:]
            tool, process, inside = (statistics.median(column) for column in zip(*rows, strict=True))
            print(
                f"{one.name:28} {tool:8.3f} {process:11.3f} {process / tool:6.1f}x {inside:8.4f} {inside / tool:6.2f}x"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
