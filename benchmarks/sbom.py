"""A bill of materials with 10,000 components: load, validate and compare with an image of 5,000 files; write one.

    python -m benchmarks.sbom [--components 10000] [--files 5000] [--form json|xml|spdx]

Everything is made up and measured in this process: half of the components are seen in the image, a tenth of those in
another version, a fifth of the entries give the hash of a file. Prints seconds and the peak of resident memory, which
holds the made-up image too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from fwverify.compare.interface import Inventory, InventoryFile
from fwverify.compare.stage import compare, read_sboms
from fwverify.content import identified
from fwverify.model.artifact import Artifact, Digest, Locator, Role, Step
from fwverify.model.component import Component
from fwverify.model.evidence import SCHEMA, ArtifactRecord, ByteLedger, Evidence, Opened, RunSettings, TrustSnapshot
from fwverify.model.expectation import Expectation

IMAGE = Locator((Step("image.bin"),))
SECONDS, MEBIBYTES = 3.0, 400
"""What the project promises for the default numbers."""


def digest(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()


def name(number: int) -> str:
    return f"package-{number:05}"


def cyclonedx(components: int, files: int) -> bytes:
    listed: list[dict[str, Any]] = []
    for number in range(components):
        version = f"{number % 9}.{number % 31}.{number % 7}"
        one: dict[str, Any] = {
            "type": "library", "bom-ref": f"ref-{number}", "name": name(number), "version": version,
            "supplier": {"name": f"supplier {number % 50}"}, "licenses": [{"license": {"id": "Apache-2.0"}}],
            "purl": f"pkg:deb/debian/{name(number)}@{version}-1?arch=armhf&distro=debian-12",
            "cpe": f"cpe:2.3:a:vendor:{name(number)}:{version}:*:*:*:*:*:*:*",
        }  # fmt: skip
        if number % 5 == 0:
            one["hashes"] = [{"alg": "SHA-256", "content": digest(f"file {number % files}")}]
            one["evidence"] = {"occurrences": [{"location": f"usr/lib/file-{number % files}.so"}]}
        listed.append(one)
    needs = [{"ref": "image", "dependsOn": [f"ref-{one}" for one in range(components)]}]
    needs += [{"ref": f"ref-{one}", "dependsOn": [f"ref-{(one * 7 + 1) % components}"]} for one in range(components)]
    image = {"type": "firmware", "bom-ref": "image", "name": "image.bin", "version": "1"}
    return json.dumps({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": image},
        "components": listed, "dependencies": needs,
    }, indent=1).encode()  # fmt: skip


def xml(components: int, files: int) -> bytes:
    rows = [
        f'<component type="library" bom-ref="ref-{one}"><name>{name(one)}</name><version>{one % 9}.{one % 31}</version>'
        f"<purl>pkg:generic/{name(one)}@{one % 9}.{one % 31}</purl></component>"
        for one in range(components)
    ]
    head = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1">'
    return f"{head}<components>{''.join(rows)}</components></bom>".encode()


def spdx(components: int, files: int) -> bytes:
    rows = [
        {"SPDXID": f"SPDXRef-{one}", "name": name(one), "versionInfo": f"{one % 9}.{one % 31}",
         "downloadLocation": "NOASSERTION", "supplier": "Organization: supplier"}
        for one in range(components)
    ]  # fmt: skip
    links = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": one["SPDXID"]}
             for one in rows]  # fmt: skip
    made = {"created": "2026-10-03T12:00:05Z", "creators": ["Tool: benchmark"]}
    return json.dumps({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "dataLicense": "CC0-1.0", "name": "image",
        "documentNamespace": "https://vendor.example/x", "creationInfo": made, "packages": rows, "relationships": links,
    }).encode()  # fmt: skip


MAKERS: dict[str, Callable[[int, int], bytes]] = {"json": cyclonedx, "xml": xml, "spdx": spdx}


def image(components: int, files: int) -> Inventory:
    root = IMAGE.into("squashfs", "root")
    listed = tuple(
        InventoryFile(root.into("squashfs", f"usr/lib/file-{one}.so"), 1000,
                      (Digest("sha256", bytes.fromhex(digest(f"file {one}"))),))
        for one in range(files)
    )  # fmt: skip
    seen = []
    for one in range(0, components, 2):
        version = f"{one % 9}.{one % 31}.{one % 7 + (one % 20 == 0)}"
        seen.append(Component(name(one), version, "", 90, ("version-string",), (listed[one % files].locator,), ()))
    return Inventory(tuple(seen), listed, (), (InventoryFile(IMAGE, 5, ()),))


def evidence(inventory: Inventory) -> Evidence:
    record = ArtifactRecord(IMAGE, 9, (), Role.IMAGE, "", "", Opened.EXAMINED, 9, 0, "named")
    return Evidence(
        schema=SCHEMA, at="2026-10-03T12:00:05Z", delivery="delivery", expectation=Expectation(),
        trust=TrustSnapshot("", "", ()), settings=RunSettings((), "in-process", (), ()), artifacts=(record,),
        signatures=(), checksums=(), bindings=(), anomalies=(), contents=(), claims=(), clues=(),
        components=inventory.components, sboms=(), discrepancies=(), gaps=(), ledger=ByteLedger(()),
    )  # fmt: skip


def memory() -> int:
    """Peak, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--components", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--form", choices=sorted(MAKERS), default="json")
    chosen = parser.parse_args()
    inventory = image(chosen.components, chosen.files)
    raw = MAKERS[chosen.form](chosen.components, chosen.files)
    document: Artifact = identified(Locator((Step("sbom"),)), raw)
    print(f"{len(raw) >> 10:,} KiB, {chosen.components:,} components, {chosen.files:,} files, {memory()} MiB before")
    start, used = time.perf_counter(), time.process_time()
    documents, gaps = read_sboms([document])
    loaded = time.perf_counter()
    rows, _ = compare(inventory, documents)
    total, used, peak = time.perf_counter() - start, time.process_time() - used, memory()
    valid = documents[0].observation.schema_valid if documents else gaps
    print(f"load and validate {loaded - start:.2f} s (valid: {valid}), compare {total - (loaded - start):.2f} s")
    print(f"together {total:.2f} s, {used:.2f} s of processor time, {peak} MiB")
    print("rows", dict(sorted(Counter(one.kind.value for one in rows).items())))
    from fwverify.report.registry import bill_of_materials

    start = time.perf_counter()
    size = len(bill_of_materials(evidence(inventory)))
    print(f"write {len(inventory.components):,} components, {size >> 10:,} KiB: {time.perf_counter() - start:.2f} s")
    asked = (chosen.components, chosen.files) == (10_000, 5_000)
    return 1 if asked and (used > SECONDS or peak > MEBIBYTES) else 0


if __name__ == "__main__":
    sys.exit(main())
