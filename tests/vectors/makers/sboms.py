"""Vectors of the SBOM readers: written here by hand as JSON, XML and tags, deterministic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ORIGIN = "tests/vectors/makers/sboms.py, written from ECMA-424 (CycloneDX 1.6)"
SERIAL = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"
HASH = "c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2"


def document(version: str = "1.6", **more: Any) -> dict[str, Any]:
    """A small, complete and valid document."""
    base: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": SERIAL,
        "version": 1,
        "metadata": {
            "timestamp": "2026-10-03T12:00:05Z",
            "component": {
                "type": "firmware",
                "bom-ref": "image",
                "supplier": {"name": "Vendor of the vectors"},
                "name": "gateway",
                "version": "4.2.0",
                "hashes": [{"alg": "SHA-256", "content": HASH}],
            },
        },
        "components": [
            library("openssl", "3.0.11", cpe="cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"),
            library("busybox", "1.36.1", components=[library("udhcpc", "1.36.1")]),
            {
                "type": "file",
                "bom-ref": "file",
                "name": "/usr/sbin/agent",
                "hashes": [{"alg": "SHA-256", "content": HASH}],
            },
        ],
        "dependencies": [{"ref": "image", "dependsOn": ["openssl", "busybox", "udhcpc", "file"]}],
    }
    return {**base, **more}


def library(name: str, version: str, **more: Any) -> dict[str, Any]:
    base = {"type": "library", "bom-ref": name, "name": name, "version": version}
    return {**base, "purl": f"pkg:generic/{name}@{version}", **more}


def text(data: dict[str, Any]) -> bytes:
    return json.dumps(data, indent=1).encode() + b"\n"


def _broken_entries() -> dict[str, Any]:
    """Every entry has something wrong; none of them may take another one with it."""
    return document(
        serialNumber="urn:uuid:not-one",
        components=[
            library("bad-purl", "1.0", purl="pkg:/@"),
            library("bad-type", "1.0", type="gadget"),
            library("bad-hash", "1.0", hashes=[{"alg": "SHA-256", "content": "00"}, {"alg": "FOO", "content": HASH}]),
            {"type": "library", "bom-ref": "nameless", "version": "1.0"},
            "not an object",
            library("twice", "1.0"),
            library("twice", "2.0"),
            library("sound", "1.0"),
        ],
        dependencies=[{"ref": "image", "dependsOn": ["sound", "nothing"]}],
    )


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    folder = root / "sboms" / "cyclonedx-json"
    for version in ("1.4", "1.5", "1.6", "1.7"):
        why = f"nested components, a file and the subject in CycloneDX {version}"
        expect = {"components": 4, "schema_valid": True, "problems": 0}
        _write(folder / "valid" / f"small-{version}", text(document(version)), why, expect)
    why = "a version whose schema does not decide: read, validity unknown"
    expect = {"components": 4, "problems": 0}
    _write(folder / "valid" / "unknown-version", text(document("9.9")), why, expect)
    why = "bad purl, type, hashes, name, reference, serial number: each is named, seven entries still count"
    expect = {"components": 7, "schema_valid": False, "problems": 9}
    _write(folder / "invalid" / "broken-entries", text(_broken_entries()), why, expect)
    why = "an unknown property: the schema refuses it, every component is read"
    expect = {"components": 4, "schema_valid": False, "problems": 0}
    _write(folder / "invalid" / "unknown-property", text(document(bill="of materials")), why, expect)
    why = "another document that only mentions the format"
    _write(folder / "invalid" / "other-format", b'{"bomFormat": "SPDX"}\n', why, {"malformed": True})
    whole = text(document())
    _write(folder / "truncated" / "half", whole[: len(whole) // 2], "cut in the middle", {"malformed": True})
    why = "the same key twice: two readers would see two lists"
    doubled = whole.rstrip()[:-1] + b', "components": []}\n'
    _write(folder / "hostile" / "duplicate-key", doubled, why, {"malformed": True})
    why = "nested a thousand deep, to exhaust a recursive reader"
    nested = b'{"bomFormat": "CycloneDX", "components": ' + b"[" * 1000 + b"]" * 1000 + b"}\n"
    _write(folder / "hostile" / "nested", nested, why, {"malformed": True})
    why = "numbers that are not finite or do not fit 64 bits"
    infinite = whole.replace(b'"version": 1,', b'"version": 1e999,', 1)
    _write(folder / "hostile" / "infinite", infinite, why, {"malformed": True})
    why = "half a surrogate pair in a name: no Unicode text, it could not be written into evidence"
    halved = whole.replace(b'"gateway"', b'"\\ud800"', 1)
    _write(folder / "hostile" / "half-surrogate", halved, why, {"malformed": True})

    _cyclonedx_xml(root / "sboms" / "cyclonedx-xml")
    _spdx_json(root / "sboms" / "spdx-json")
    _spdx_tag_value(root / "sboms" / "spdx-tag-value")
    _spdx3(root / "sboms" / "spdx3-json")


# --- CycloneDX XML -----------------------------------------------------------------------------------------------


def xml_document(
    version: str = "1.6", components: str = "", head: str = "", needs: tuple[str, ...] = ("openssl", "busybox", "file")
) -> bytes:
    """The same small document as `document`, in XML."""
    parts = components or (
        xml_library("openssl", "3.0.11")
        + xml_library("busybox", "1.36.1", f"<components>{xml_library('udhcpc', '1.36.1')}</components>")
        + f'<component type="file" bom-ref="file"><name>/usr/sbin/agent</name>'
        f'<hashes><hash alg="SHA-256">{HASH}</hash></hashes></component>'
    )
    needed = "".join(f'<dependency ref="{one}"/>' for one in needs)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{head}'
        f'<bom xmlns="http://cyclonedx.org/schema/bom/{version}" serialNumber="{SERIAL}" version="1">\n'
        '<metadata><timestamp>2026-10-03T12:00:05Z</timestamp><component type="firmware" bom-ref="image">'
        "<supplier><name>Vendor of the vectors</name></supplier><name>gateway</name><version>4.2.0</version>"
        f'<hashes><hash alg="SHA-256">{HASH}</hash></hashes></component></metadata>\n'
        f"<components>{parts}</components>\n"
        f'<dependencies><dependency ref="image">{needed}</dependency></dependencies>\n</bom>\n'
    ).encode()


def xml_library(name: str, version: str, more: str = "") -> str:
    return (
        f'<component type="library" bom-ref="{name}"><name>{name}</name><version>{version}</version>'
        f"<purl>pkg:generic/{name}@{version}</purl>{more}</component>"
    )


def _cyclonedx_xml(folder: Path) -> None:
    for version in ("1.4", "1.5", "1.6", "1.7"):
        why = f"nested components, a file and the subject in CycloneDX {version}"
        expect = {"components": 4, "schema_valid": True, "problems": 0}
        _write(folder / "valid" / f"small-{version}", xml_document(version), why, expect)
    why = "a version whose schema is not at hand: read, validity unknown"
    _write(folder / "valid" / "unknown-version", xml_document("9.9"), why, {"components": 4, "problems": 0})
    why = "bad purl, type and hash: each is named, the entries still count, and the schema refuses type and hash"
    flawed = (
        xml_library("bad-purl", "1.0").replace("pkg:generic", "package")
        + xml_library("bad-type", "1.0").replace('"library"', '"gadget"')
        + xml_library("bad-hash", "1.0", '<hashes><hash alg="SHA-256">00</hash></hashes>')
        + xml_library("openssl", "1") + xml_library("busybox", "1")
    )  # fmt: skip
    expect = {"components": 5, "schema_valid": False, "problems": 3}
    _write(
        folder / "invalid" / "broken-entries",
        xml_document(components=flawed, needs=("openssl", "busybox")),
        why,
        expect,
    )
    why = "elements in another order than the schema has them: every component is read"
    swapped = xml_document().replace(b"<name>openssl</name><version>3.0.11</version>",
                                     b"<version>3.0.11</version><name>openssl</name>")  # fmt: skip
    expect = {"components": 4, "schema_valid": False, "problems": 0}
    _write(folder / "invalid" / "order", swapped, why, expect)
    whole = xml_document()
    _write(folder / "truncated" / "half", whole[: len(whole) // 2], "cut in the middle", {"malformed": True})
    entities = "".join(f'<!ENTITY a{one} "{f"&a{one - 1};" * 10}">' for one in range(1, 10))
    why = "entities that would grow to a gigabyte: a document type is refused before anything is expanded"
    laughs = xml_document(head=f'<!DOCTYPE bom [<!ENTITY a0 "ha">{entities}]>\n').replace(b">gateway<", b">&a9;<")
    _write(folder / "hostile" / "entities", laughs, why, {"malformed": True})
    why = "an external entity: nothing is fetched, the document is refused"
    outside = xml_document(head='<!DOCTYPE bom [<!ENTITY e SYSTEM "file:///etc/hostname">]>\n')
    _write(folder / "hostile" / "external", outside.replace(b">gateway<", b">&e;<"), why, {"malformed": True})
    why = "nested a thousand deep, to exhaust a recursive reader"
    nested = b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">' + b"<a>" * 1000 + b"</a>" * 1000 + b"</bom>"
    _write(folder / "hostile" / "nested", nested, why, {"malformed": True})


# --- SPDX 2.3 ----------------------------------------------------------------------------------------------------


def spdx_package(name: str, version: str, **more: Any) -> dict[str, Any]:
    base = {
        "SPDXID": f"SPDXRef-{name}",
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "supplier": "Organization: Vendor of the vectors (sbom@vendor.example)",
        "licenseConcluded": "Apache-2.0",
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"pkg:generic/{name}@{version}",
            }
        ],
    }
    return {**base, **more}


def spdx_document(**more: Any) -> dict[str, Any]:
    """A firmware package, two libraries and a file."""
    image = spdx_package("gateway", "4.2.0", primaryPackagePurpose="FIRMWARE",
                         checksums=[{"algorithm": "SHA256", "checksumValue": HASH}])  # fmt: skip
    links = [("DOCUMENT", "DESCRIBES", "gateway"), ("gateway", "CONTAINS", "openssl"),
             ("gateway", "DEPENDS_ON", "busybox"), ("openssl", "CONTAINS", "File")]  # fmt: skip
    base: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "dataLicense": "CC0-1.0",
        "name": "gateway",
        "documentNamespace": "https://vendor.example/spdx/gateway-4.2.0",
        "creationInfo": {"created": "2026-10-03T12:00:05Z", "creators": ["Organization: Vendor", "Tool: vectors-1"]},
        "packages": [image, spdx_package("openssl", "3.0.11"), spdx_package("busybox", "1.36.1")],
        "files": [{"SPDXID": "SPDXRef-File", "fileName": "./usr/lib/libssl.so.3",
                   "checksums": [{"algorithm": "SHA1", "checksumValue": HASH[:40]},
                                 {"algorithm": "SHA256", "checksumValue": HASH}]}],
        "relationships": [{"spdxElementId": f"SPDXRef-{one}", "relationshipType": kind,
                           "relatedSpdxElement": f"SPDXRef-{other}"} for one, kind, other in links],
    }  # fmt: skip
    return {**base, **more}


def _spdx_json(folder: Path) -> None:
    why = "a described package with two libraries and a file"
    expect = {"components": 3, "schema_valid": True, "problems": 0}
    for version in ("2.2", "2.3"):
        data = text(spdx_document(spdxVersion=f"SPDX-{version}"))
        _write(folder / "valid" / f"small-{version}", data, f"{why} in SPDX {version}", expect)
    why = "bad purl, hash and reference: each is named, all entries count"
    flawed = spdx_document(
        packages=[
            spdx_package("gateway", "4.2.0"),
            {**spdx_package("openssl", "1"), "externalRefs": [
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:/@"}]},
            spdx_package("busybox", "1", checksums=[{"algorithm": "SHA256", "checksumValue": "00"}]),
            spdx_package("other", "1", supplier="nobody in particular"),
        ],
        relationships=[{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                        "relatedSpdxElement": "SPDXRef-gateway"},
                       {"spdxElementId": "SPDXRef-gateway", "relationshipType": "DEPENDS_ON",
                        "relatedSpdxElement": "SPDXRef-nothing"}],
    )  # fmt: skip
    expect = {"components": 4, "schema_valid": False, "problems": 3}
    _write(folder / "invalid" / "broken-entries", text(flawed), why, expect)
    why = "mandatory fields are missing: read, and not valid"
    bare = {key: value for key, value in spdx_document().items() if key not in ("dataLicense", "documentNamespace")}
    expect = {"components": 3, "schema_valid": False, "problems": 0}
    _write(folder / "invalid" / "missing-fields", text(bare), why, expect)
    whole = text(spdx_document())
    _write(folder / "truncated" / "half", whole[: len(whole) // 2], "cut in the middle", {"malformed": True})
    why = "the same key twice: two readers would see two lists"
    doubled = whole.rstrip()[:-1] + b', "packages": []}\n'
    _write(folder / "hostile" / "duplicate-key", doubled, why, {"malformed": True})
    why = "packages that contain one another in a ring"
    ring = spdx_document()
    ring["relationships"] += [{"spdxElementId": f"SPDXRef-{one}", "relationshipType": "CONTAINS",
                               "relatedSpdxElement": f"SPDXRef-{other}"}
                              for one, other in (("openssl", "busybox"), ("busybox", "openssl"))]  # fmt: skip
    _write(folder / "hostile" / "ring", text(ring), why, {"components": 3, "schema_valid": True, "problems": 0})


def spdx_tags(data: dict[str, Any]) -> bytes:
    """The tag-value form of what `spdx_document` makes."""
    info = data["creationInfo"]
    lines = [f"SPDXVersion: {data['spdxVersion']}", f"DataLicense: {data['dataLicense']}", f"SPDXID: {data['SPDXID']}",
             f"DocumentName: {data['name']}", f"DocumentNamespace: {data['documentNamespace']}",
             *(f"Creator: {one}" for one in info["creators"]), f"Created: {info['created']}",
             "DocumentComment: <text>over", "two lines</text>", ""]  # fmt: skip
    for one in data["packages"]:
        lines += ["# a package", f"PackageName: {one['name']}", f"SPDXID: {one['SPDXID']}",
                  f"PackageVersion: {one['versionInfo']}", f"PackageSupplier: {one['supplier']}",
                  f"PackageDownloadLocation: {one['downloadLocation']}",
                  f"PackageLicenseConcluded: {one['licenseConcluded']}"]  # fmt: skip
        lines += [f"PackageChecksum: {sum_['algorithm']}: {sum_['checksumValue']}" for sum_ in one.get("checksums", ())]
        lines += [f"ExternalRef: {ref['referenceCategory']} {ref['referenceType']} {ref['referenceLocator']}"
                  for ref in one["externalRefs"]] + [""]  # fmt: skip
        for file in data["files"] if one["name"] == "openssl" else ():
            lines += [f"FileName: {file['fileName']}", f"SPDXID: {file['SPDXID']}",
                      *(f"FileChecksum: {sum_['algorithm']}: {sum_['checksumValue']}" for sum_ in file["checksums"]),
                      ""]  # fmt: skip
    lines += [f"Relationship: {one['spdxElementId']} {one['relationshipType']} {one['relatedSpdxElement']}"
              for one in data["relationships"]]  # fmt: skip
    return "\n".join(lines).encode() + b"\n"


def _spdx_tag_value(folder: Path) -> None:
    why = "a described package with two libraries and a file, a text over two lines"
    expect = {"components": 3, "schema_valid": True, "problems": 0}
    whole = spdx_tags(spdx_document())
    _write(folder / "valid" / "small", whole, why, expect)
    why = "a tag nobody knows: not valid, everything is read"
    expect = {"components": 3, "schema_valid": False, "problems": 0}
    odd = whole.replace(b"PackageLicenseConcluded", b"PackageLicenceConcluded", 1)
    _write(folder / "invalid" / "unknown-tag", odd, why, expect)
    why = "a hash and a relationship that are none: named, all entries count"
    flawed = whole.replace(f"SHA256: {HASH}".encode(), b"SHA256: 00", 1).replace(b"gateway CONTAINS", b"gateway")
    expect = {"components": 3, "schema_valid": False, "problems": 2}
    _write(folder / "invalid" / "broken-entries", flawed, why, expect)
    why = "cut within the first lines: a text that does not end"
    cut = whole[: whole.index(b"two lines")]
    _write(folder / "truncated" / "open-text", cut, why, {"malformed": True})
    why = "a line that is no tag"
    _write(folder / "hostile" / "no-tag", whole + b"rm -rf /tmp/x\n", why, {"malformed": True})


# --- SPDX 3 ------------------------------------------------------------------------------------------------------


def spdx3_document(*more: dict[str, Any]) -> dict[str, Any]:
    """A firmware package, two libraries and a file."""
    base = "https://vendor.example/spdx/"

    def element(kind: str, own: str, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "spdxId": base + own, "creationInfo": "_:made", **fields}

    def package(name: str, version: str, **fields: Any) -> dict[str, Any]:
        return element("software_Package", name, name=name, software_packageVersion=version,
                       software_packageUrl=f"pkg:generic/{name}@{version}",
                       suppliedBy=base + "vendor", **fields)  # fmt: skip

    def relation(number: int, one: str, kind: str, *others: str, **fields: Any) -> dict[str, Any]:
        return element("Relationship", f"relation-{number}", relationshipType=kind,
                       **{"from": base + one, "to": [base + other for other in others]}, **fields)  # fmt: skip

    hashes = [{"type": "Hash", "algorithm": "sha256", "hashValue": HASH}]
    made = {"type": "CreationInfo", "@id": "_:made", "specVersion": "3.0.1", "created": "2026-10-03T12:00:05Z",
            "createdBy": [base + "vendor"], "createdUsing": [base + "tool"]}  # fmt: skip
    mail = [{"type": "ExternalIdentifier", "externalIdentifierType": "email", "identifier": "sbom@vendor.example"}]
    graph = [
        made,
        element("Organization", "vendor", name="Vendor of the vectors", externalIdentifier=mail),
        element("Tool", "tool", name="vectors"),
        element("SpdxDocument", "document", rootElement=[base + "bom"]),
        element("software_Sbom", "bom", rootElement=[base + "gateway"], software_sbomType=["build"]),
        package("gateway", "4.2.0", software_primaryPurpose="firmware", verifiedUsing=hashes),
        package("openssl", "3.0.11"),
        package("busybox", "1.36.1"),
        element("software_File", "file", name="/usr/lib/libssl.so.3", verifiedUsing=hashes),
        element("simplelicensing_LicenseExpression", "licence", simplelicensing_licenseExpression="Apache-2.0"),
        relation(1, "gateway", "contains", "openssl", "busybox", completeness="complete"),
        relation(2, "openssl", "contains", "file"),
        relation(3, "openssl", "hasConcludedLicense", "licence"),
        *more,
    ]
    return {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}


def _spdx3(folder: Path) -> None:
    why = "a package that is the root, two libraries and a file"
    _write(folder / "valid" / "small", text(spdx3_document()), why,
           {"components": 3, "schema_valid": True, "problems": 0})  # fmt: skip
    why = "bad purl, bad hash, an identifier given twice: each is named, all entries count"
    bad = {"type": "software_Package", "spdxId": "https://vendor.example/spdx/bad", "name": "bad",
           "software_packageUrl": "pkg:/@",
           "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "00"}]}  # fmt: skip
    again = {"type": "software_Package", "spdxId": "https://vendor.example/spdx/openssl", "name": "openssl"}
    expect = {"components": 4, "schema_valid": False, "problems": 3}
    _write(folder / "invalid" / "broken-entries", text(spdx3_document(bad, again)), why, expect)
    whole = text(spdx3_document())
    _write(folder / "truncated" / "half", whole[: len(whole) // 2], "cut in the middle", {"malformed": True})
    why = "the same key twice: two readers would see two graphs"
    doubled = whole.rstrip()[:-1] + b', "@graph": []}\n'
    _write(folder / "hostile" / "duplicate-key", doubled, why, {"malformed": True})


def _write(folder: Path, data: bytes, why: str, expect: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input").write_bytes(data)
    lines = [f"{key} = {str(value).lower()}" for key, value in expect.items()]
    meta = [f"origin = {json.dumps(ORIGIN)}", f"why = {json.dumps(why)}", "", "[expect]", *lines, ""]
    (folder / "vector.toml").write_text("\n".join(meta))
