"""What SPDX 2.2 and 2.3 demand of a document: mandatory fields, types, value lists. Written from the specification.

SPDX specification 2.3 (ISO/IEC 5962:2021 for 2.2.1) clauses 6 to 11 and annex F, read 2026-11-22. Works on the shape
the JSON form has; documents in tag-value form are brought into it first. Pure. Does NOT check expressions of licences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from fwverify.compare.entries import Table
from fwverify.formats.strict_json import Value

VALIDATED = ("SPDX-2.2", "SPDX-2.3")
_ID = re.compile(r"(?:DocumentRef-[A-Za-z0-9.+-]+:)?SPDXRef-[A-Za-z0-9.+-]+|NONE|NOASSERTION")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_AGENT = re.compile(r"(?:Person|Organization|Tool): ?\S.*|NOASSERTION", re.DOTALL)
ALGORITHMS = frozenset(
    {"SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA3-256", "SHA3-384", "SHA3-512", "BLAKE2b-256", "BLAKE2b-384"}
    | {"BLAKE2b-512", "BLAKE3", "MD2", "MD4", "MD5", "MD6", "ADLER32"}
)
RELATIONS = frozenset((
    "AMENDS", "ANCESTOR_OF", "BUILD_DEPENDENCY_OF", "BUILD_TOOL_OF", "CONTAINED_BY", "CONTAINS", "COPY_OF",
    "DATA_FILE_OF", "DEPENDENCY_MANIFEST_OF", "DEPENDENCY_OF", "DEPENDS_ON", "DESCENDANT_OF", "DESCRIBED_BY",
    "DESCRIBES", "DEV_DEPENDENCY_OF", "DEV_TOOL_OF", "DISTRIBUTION_ARTIFACT", "DOCUMENTATION_OF", "DYNAMIC_LINK",
    "EXAMPLE_OF", "EXPANDED_FROM_ARCHIVE", "FILE_ADDED", "FILE_DELETED", "FILE_MODIFIED", "GENERATED_FROM",
    "GENERATES", "HAS_PREREQUISITE", "METAFILE_OF", "OPTIONAL_COMPONENT_OF", "OPTIONAL_DEPENDENCY_OF", "OTHER",
    "PACKAGE_OF", "PATCH_APPLIED", "PATCH_FOR", "PREREQUISITE_FOR", "PROVIDED_DEPENDENCY_OF",
    "REQUIREMENT_DESCRIPTION_FOR", "RUNTIME_DEPENDENCY_OF", "SPECIFICATION_FOR", "STATIC_LINK", "TEST_CASE_OF",
    "TEST_DEPENDENCY_OF", "TEST_OF", "TEST_TOOL_OF", "VARIANT_OF",
))  # fmt: skip
PURPOSES = frozenset(
    {"APPLICATION", "ARCHIVE", "CONTAINER", "DEVICE", "FILE", "FIRMWARE", "FRAMEWORK", "INSTALL", "LIBRARY"}
    | {"OPERATING_SYSTEM", "OPERATING-SYSTEM", "OTHER", "SOURCE"}
)
_FILE_TYPES = frozenset(
    {"APPLICATION", "ARCHIVE", "AUDIO", "BINARY", "DOCUMENTATION", "IMAGE", "OTHER", "SOURCE", "SPDX", "TEXT", "VIDEO"}
)
_CATEGORIES = frozenset({"OTHER", "PERSISTENT-ID", "PERSISTENT_ID", "SECURITY", "PACKAGE-MANAGER", "PACKAGE_MANAGER"})

Problem = tuple[str, str]
"""JSON pointer and what is wrong there."""
Check = Callable[[Value, str], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class _Object:
    fields: Mapping[str, Check]
    required: frozenset[str]

    def __call__(self, value: Value, place: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield place or "/", "not an object"
            return
        for name in sorted(self.required - value.keys()):
            yield place or "/", f"{name} is missing"
        for name, one in value.items():
            check = self.fields.get(name)
            if check is None:
                yield place or "/", f"unknown field {name[:60]!r}"
            else:
                yield from check(one, f"{place}/{name}")


def _text(value: Value, place: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield place, "not a text"


def _flag(value: Value, place: str) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield place, "neither true nor false"


def _number(value: Value, place: str) -> Iterator[Problem]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield place, "not a number"


def _formed(form: re.Pattern[str], what: str) -> Check:
    def check(value: Value, place: str) -> Iterator[Problem]:
        if not isinstance(value, str) or not form.fullmatch(value):
            yield place, f"is no {what}"

    return check


def _one_of(values: frozenset[str]) -> Check:
    def check(value: Value, place: str) -> Iterator[Problem]:
        if not isinstance(value, str) or value not in values:
            yield place, f"{str(value)[:60]!r} is not one of the list"

    return check


def _list(item: Check, least: int = 0) -> Check:
    def check(value: Value, place: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield place, "not a list"
            return
        if len(value) < least:
            yield place, "empty"
        for index, one in enumerate(value):
            yield from item(one, f"{place}/{index}")

    return check


def _object(required: str, /, **fields: Check) -> _Object:
    return _Object(fields, frozenset(required.split()))


def _texts(names: str) -> dict[str, Check]:
    return dict.fromkeys(names.split(), _text)


_ID_OF = _formed(_ID, "SPDX identifier")
_MOMENT = _formed(_TIME, "time in UTC")
_BY = _formed(_AGENT, "person, organization or tool")
_NOTE = _object("annotationDate annotationType annotator comment", annotationDate=_MOMENT,
                annotationType=_one_of(frozenset({"OTHER", "REVIEW"})), annotator=_BY, comment=_text)  # fmt: skip
_CHECKSUM = _object("algorithm checksumValue", algorithm=_one_of(ALGORITHMS), checksumValue=_text)
_ITEM: dict[str, Check] = {
    "SPDXID": _ID_OF,
    "annotations": _list(_NOTE),
    "attributionTexts": _list(_text),
    **_texts("comment copyrightText licenseComments licenseConcluded name"),
}
"""What packages, files and snippets have in common."""
_REFERENCE = _object("referenceCategory referenceLocator referenceType", comment=_text,
                     referenceCategory=_one_of(_CATEGORIES), referenceLocator=_text, referenceType=_text)  # fmt: skip
_CODE = _object("packageVerificationCodeValue", packageVerificationCodeExcludedFiles=_list(_text),
                packageVerificationCodeValue=_text)  # fmt: skip
_PACKAGE = _object(
    "SPDXID downloadLocation name",
    **_ITEM,
    **_texts("description downloadLocation homepage licenseDeclared packageFileName sourceInfo summary versionInfo"),
    builtDate=_MOMENT, releaseDate=_MOMENT, validUntilDate=_MOMENT, checksums=_list(_CHECKSUM),
    externalRefs=_list(_REFERENCE), filesAnalyzed=_flag, hasFiles=_list(_ID_OF), licenseInfoFromFiles=_list(_text),
    originator=_BY, supplier=_BY, packageVerificationCode=_CODE, primaryPackagePurpose=_one_of(PURPOSES),
)  # fmt: skip
_FILE = _object(
    "SPDXID checksums fileName",
    **{one: check for one, check in _ITEM.items() if one != "name"},
    **_texts("fileName noticeText"),
    artifactOfs=_list(lambda value, place: iter(())), checksums=_list(_CHECKSUM, 1), fileContributors=_list(_text),
    fileDependencies=_list(_ID_OF), fileTypes=_list(_one_of(_FILE_TYPES)), licenseInfoInFiles=_list(_text),
)  # fmt: skip
_POINTER = _object("reference", reference=_ID_OF, offset=_number, lineNumber=_number)
_SNIPPET = _object(
    "SPDXID ranges snippetFromFile",
    **_ITEM,
    licenseInfoInSnippets=_list(_text), snippetFromFile=_ID_OF,
    ranges=_list(_object("endPointer startPointer", endPointer=_POINTER, startPointer=_POINTER), 1),
)  # fmt: skip
_LICENCE = _object("extractedText licenseId", **_texts("comment extractedText licenseId name"), seeAlsos=_list(_text),
                   crossRefs=_list(_object("url", **_texts("match timestamp url"), isLive=_flag, isValid=_flag,
                                           isWayBackLink=_flag, order=_number)))  # fmt: skip
_DOCUMENT = _object(
    "SPDXID creationInfo dataLicense documentNamespace name spdxVersion",
    **_texts("comment dataLicense documentNamespace name spdxVersion"),
    SPDXID=_ID_OF, annotations=_list(_NOTE), documentDescribes=_list(_ID_OF), packages=_list(_PACKAGE),
    creationInfo=_object("created creators", comment=_text, created=_MOMENT, creators=_list(_BY, 1),
                         licenseListVersion=_text),
    externalDocumentRefs=_list(_object("checksum externalDocumentId spdxDocument", checksum=_CHECKSUM,
                                       externalDocumentId=_text, spdxDocument=_text)),
    files=_list(_FILE), hasExtractedLicensingInfos=_list(_LICENCE), snippets=_list(_SNIPPET),
    relationships=_list(_object("spdxElementId relatedSpdxElement relationshipType", comment=_text,
                                spdxElementId=_ID_OF, relatedSpdxElement=_ID_OF,
                                relationshipType=_one_of(RELATIONS))),
    revieweds=_list(_object("reviewDate", comment=_text, reviewDate=_MOMENT, reviewer=_text)),
)  # fmt: skip


def problems(data: Table) -> Iterator[Problem]:
    """What is not as the specification demands, in document order."""
    yield from _DOCUMENT(data, "")
