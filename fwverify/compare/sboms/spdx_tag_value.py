"""SPDX 2.x documents in tag-value form.

SPDX specification 2.3 (clauses 6 to 11, `tag: value` with `<text>...</text>` over several lines), read 2026-11-22.
Steps: 1 lines to tags; 2 tags to the shape of the JSON form: a tag that begins an entry makes the ones after it
belong to that entry; 3 what it declares and what the specification demands (see `spdx`).
Does NOT read snippets, reviews or extracted licences, and follows no external documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fwverify.compare import spdx
from fwverify.compare.entries import Table
from fwverify.compare.interface import Document, SbomFormat
from fwverify.formats.sbom_kinds import looks_like_sbom
from fwverify.formats.strict_json import Value
from fwverify.limits import DEFAULT_LIMITS, LimitExceeded
from fwverify.model.artifact import Artifact
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

WHAT = "SPDX"
MAX_TAGS = 2_000_000
"""Lines with a tag in one document. A 10,000-package document has 150,000."""
_LINE = re.compile(r"([A-Za-z]+):[ \t]*(.*)")
_CHECKSUM = re.compile(r"([A-Za-z0-9-]+):\s*(\S+)")
_CODE = re.compile(r"([0-9a-fA-F]+)\s*(?:\(\s*excludes:\s*(.*)\))?", re.IGNORECASE | re.DOTALL)
_RELATION = re.compile(r"(\S+)\s+(\S+)\s+(\S+)")
_REFERENCE = re.compile(r"(\S+)\s+(\S+)\s+(\S+)")
_EXTERNAL = re.compile(r"(DocumentRef-\S+)\s+(\S+)\s+([A-Za-z0-9-]+):\s*(\S+)")

_TEXTS = {
    "document": {
        "SPDXVersion": "spdxVersion", "DataLicense": "dataLicense", "SPDXID": "SPDXID", "DocumentName": "name",
        "DocumentNamespace": "documentNamespace", "DocumentComment": "comment",
    },
    "creation": {"LicenseListVersion": "licenseListVersion", "Created": "created", "CreatorComment": "comment"},
    "package": {
        "PackageName": "name", "SPDXID": "SPDXID", "PackageVersion": "versionInfo", "BuiltDate": "builtDate",
        "PackageFileName": "packageFileName", "PackageSupplier": "supplier", "PackageOriginator": "originator",
        "PackageDownloadLocation": "downloadLocation", "PackageHomePage": "homepage", "ReleaseDate": "releaseDate",
        "PackageSourceInfo": "sourceInfo", "PackageLicenseConcluded": "licenseConcluded",
        "PackageLicenseDeclared": "licenseDeclared", "PackageLicenseComments": "licenseComments",
        "PackageCopyrightText": "copyrightText", "PackageSummary": "summary", "PackageDescription": "description",
        "PackageComment": "comment", "PrimaryPackagePurpose": "primaryPackagePurpose",
        "ValidUntilDate": "validUntilDate",
    },
    "file": {
        "FileName": "fileName", "SPDXID": "SPDXID", "LicenseConcluded": "licenseConcluded",
        "LicenseComments": "licenseComments", "FileCopyrightText": "copyrightText", "FileComment": "comment",
        "FileNotice": "noticeText",
    },
}  # fmt: skip
"""Tags with one text, by what they belong to: their name in the JSON form."""
_LISTS = {
    "package": {"PackageLicenseInfoFromFiles": "licenseInfoFromFiles", "PackageAttributionText": "attributionTexts"},
    "file": {"FileType": "fileTypes", "LicenseInfoInFile": "licenseInfoInFiles", "FileContributor": "fileContributors",
             "FileAttributionText": "attributionTexts", "FileDependency": "fileDependencies"},
    "creation": {"Creator": "creators"},
}  # fmt: skip
_IGNORED = frozenset((
    "SnippetFromFileSPDXID", "SnippetByteRange", "SnippetLineRange", "SnippetLicenseConcluded",
    "LicenseInfoInSnippet", "SnippetName", "SnippetLicenseComments", "SnippetCopyrightText", "SnippetComment",
    "SnippetAttributionText", "ExtractedText", "LicenseName", "LicenseCrossReference", "LicenseComment", "Reviewer",
    "ReviewDate", "ReviewComment", "Annotator", "AnnotationDate", "AnnotationComment", "AnnotationType", "SPDXREF",
    "RelationshipComment", "ExternalRefComment", "ArtifactOfProjectName", "ArtifactOfProjectHomePage",
    "ArtifactOfProjectURI",
))  # fmt: skip
_ELSEWHERE = frozenset({"SnippetSPDXID", "LicenseID"})
"""Begin an entry that is not read: an SPDXID after them is not that of a package."""


@dataclass(slots=True)
class _Builder:
    """The document being built, and the entry the next tags belong to."""

    data: Table = field(default_factory=dict)
    creation: Table = field(default_factory=dict)
    packages: list[Value] = field(default_factory=list)
    files: list[Value] = field(default_factory=list)
    relations: list[Value] = field(default_factory=list)
    external: list[Value] = field(default_factory=list)
    kind: str = "document"
    here: Table = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.here = self.data

    def put(self, tag: str, value: str) -> None:
        if tag == "PackageName":
            self.begin("package", self.packages)
        elif tag == "FileName":
            self.begin("file", self.files)
            self.held()
        elif tag in _ELSEWHERE:
            self.kind, self.here = "elsewhere", {}
        special = _SPECIAL.get(tag)
        if special is not None:
            special(self, value)
        elif tag not in _IGNORED and self.kind != "elsewhere":
            self.plain(tag, value)

    def begin(self, kind: str, entries: list[Value]) -> None:
        self.kind, self.here = kind, {}
        entries.append(self.here)

    def held(self) -> None:
        """A file below a package belongs to it (clause 8.1), which the JSON form says with a relationship."""
        if self.packages and isinstance(self.packages[-1], dict):
            self.here["\0package"] = self.packages[-1]

    def plain(self, tag: str, value: str) -> None:
        for kind, where in (("creation", self.creation), (self.kind, self.here), ("document", self.data)):
            name = _TEXTS.get(kind, {}).get(tag)
            if name is not None:
                where[name] = value
                return
            name = _LISTS.get(kind, {}).get(tag)
            if name is not None:
                listed = where.setdefault(name, [])
                if isinstance(listed, list):
                    listed.append(value)
                return
        self.here[tag] = value  # unknown: the specification's demands name it

    def add(self, key: str, value: Value) -> None:
        listed = self.here.setdefault(key, [])
        if isinstance(listed, list):
            listed.append(value)

    def document(self) -> Table:
        for one in self.files:
            if isinstance(one, dict):
                package = one.pop("\0package", None)
                if isinstance(package, dict) and isinstance(package.get("SPDXID"), str):
                    self.relations.append({"spdxElementId": package["SPDXID"], "relationshipType": "CONTAINS",
                                           "relatedSpdxElement": one.get("SPDXID")})  # fmt: skip
        return {
            **self.data,
            **({"creationInfo": self.creation} if self.creation else {}),
            "packages": self.packages,
            "files": self.files,
            "relationships": self.relations,
            **({"externalDocumentRefs": self.external} if self.external else {}),
        }


def _checksum(builder: _Builder, value: str) -> None:
    found = _CHECKSUM.fullmatch(value)
    builder.add("checksums", {"algorithm": found[1], "checksumValue": found[2]} if found else {"algorithm": value})


def _reference(builder: _Builder, value: str) -> None:
    found = _REFERENCE.fullmatch(value)
    keys = ("referenceCategory", "referenceType", "referenceLocator")
    builder.add("externalRefs", dict(zip(keys, found.groups(), strict=True)) if found else {keys[2]: value})


def _relation(builder: _Builder, value: str) -> None:
    found = _RELATION.fullmatch(value)
    keys = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    builder.relations.append(dict(zip(keys, found.groups(), strict=True)) if found else {keys[0]: value})


def _document_reference(builder: _Builder, value: str) -> None:
    found = _EXTERNAL.fullmatch(value)
    if found:
        checksum: Value = {"algorithm": found[3], "checksumValue": found[4]}
        builder.external.append({"externalDocumentId": found[1], "spdxDocument": found[2], "checksum": checksum})
    else:
        builder.external.append({"externalDocumentId": value})


def _analyzed(builder: _Builder, value: str) -> None:
    builder.here["filesAnalyzed"] = {"true": True, "false": False}.get(value.lower(), value)


def _code(builder: _Builder, value: str) -> None:
    found = _CODE.fullmatch(value.strip())
    builder.here["packageVerificationCode"] = {"packageVerificationCodeValue": found[1]} if found else {}


_SPECIAL: dict[str, Callable[[_Builder, str], None]] = {
    "PackageChecksum": _checksum,
    "FileChecksum": _checksum,
    "ExternalRef": _reference,
    "Relationship": _relation,
    "ExternalDocumentRef": _document_reference,
    "FilesAnalyzed": _analyzed,
    "PackageVerificationCode": _code,
}


def read(artifact: Artifact) -> Document:
    """Read one document.

    Raises:
        Malformed: not an SPDX tag-value document at all.
        LimitExceeded: too large.
    """
    if artifact.size > DEFAULT_LIMITS.max_text_bytes:
        raise LimitExceeded("max_text_bytes", artifact.size)
    try:
        text = bytes(artifact.content).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Malformed(WHAT, "not UTF-8", problem.start) from None
    builder = _Builder()
    for tag, value in _tags(text):  # 1
        builder.put(tag, value)  # 2
    version = builder.data.get("spdxVersion")
    if not isinstance(version, str) or not version.startswith("SPDX-2."):
        raise Malformed(WHAT, "no tag SPDXVersion with SPDX-2.x")
    return spdx.read(builder.document(), artifact.locator)  # 3


def _tags(text: str) -> Iterator[tuple[str, str]]:
    """Tags with their values; the text between `<text>` and `</text>` may have several lines."""
    lines = iter(enumerate(text.split("\n"), 1))
    count = 0
    for number, raw in lines:
        line = raw.rstrip("\r")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise Malformed(WHAT, f"line {number} is no tag with a value")
        count += 1
        if count > MAX_TAGS:
            raise LimitExceeded("max_spdx_tags", count)
        value = found[2]
        if value.startswith("<text>"):
            parts = [value.removeprefix("<text>")]
            while "</text>" not in parts[-1]:
                following = next(lines, None)
                if following is None:
                    raise Malformed(WHAT, f"the text that begins in line {number} does not end")
                parts.append(following[1].rstrip("\r"))
            value = "\n".join(parts).partition("</text>")[0]
        yield found[1], value.strip()


def _detect(artifact: Artifact) -> bool:
    return looks_like_sbom(artifact.content) == "SPDX tag-value"


SBOM_FORMAT = SbomFormat(
    name="spdx-tag-value",
    detect=_detect,
    read=read,
    doc=Doc(
        title="SPDX 2.2 and 2.3 as tags and values",
        vendor="The Linux Foundation",
        references=("SPDX specification 2.3 (ISO/IEC 5962:2021 for 2.2.1), read 2026-11-22",),
        limitations=(
            "validated against the mandatory fields, types and value lists of SPDX 2.2 and 2.3; others without",
            "snippets, reviews and extracted licences are not read; external documents are not followed",
        ),
    ),
)
