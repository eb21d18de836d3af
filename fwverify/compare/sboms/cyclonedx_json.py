"""CycloneDX bills of materials in JSON.

CycloneDX 1.2 to 1.7 JSON (ECMA-424, June 2024 and later) with the schemas of cyclonedx.org, read 2026-11-22.
Steps: 1 bounded, strict JSON; 2 the document against its own version's schema; 3 what it declares (see `cyclonedx`).
Does NOT read vulnerabilities, formulation or declarations, and does not verify JSF signatures.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from fwverify.compare import cyclonedx
from fwverify.compare.entries import Table
from fwverify.compare.interface import Document, SbomFormat
from fwverify.compare.schemas import schema_folder
from fwverify.formats.sbom_kinds import looks_like_sbom
from fwverify.formats.strict_json import load
from fwverify.model.artifact import Artifact
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

    from fwverify.model.canonical import Json

VALIDATED = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
"""Versions whose schema decides `schema_valid`."""
_PARTS = ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json", "cryptography-defs.SNAPSHOT.schema.json")
"""What the schemas refer to; the last one since 1.7."""
_SCHEMA = re.compile(r"https?://cyclonedx\.org/schema/bom-\d")
_MAX_ERRORS = 10
_MAX_ERROR_TEXT = 200
_ALL_ERRORS_BYTES = 1 << 19
"""Up to this size all schema errors are collected and ten shown; above, only the first: each costs 30 us."""


def read(artifact: Artifact) -> Document:
    """Read one document.

    Raises:
        Malformed: not a CycloneDX JSON document at all.
        LimitExceeded: too large.
    """
    data = load(artifact.content, "CycloneDX")  # 1
    if not isinstance(data, dict) or not _claims(data):
        raise Malformed("CycloneDX", "no object with bomFormat CycloneDX")
    stated = data.get("specVersion")
    version = stated if isinstance(stated, str) else ""
    valid, errors = validated(data, version, artifact.size)  # 2
    if data.get("bomFormat") != "CycloneDX":
        valid, errors = False, errors or ("/bomFormat: not CycloneDX",)
    return cyclonedx.read(data, artifact.locator, version, valid, errors)  # 3


def _claims(data: Table) -> bool:
    """It says that it is one, by its format or, where that says something else, by its schema or version."""
    name, schema = data.get("bomFormat"), data.get("$schema")
    if name == "CycloneDX" or (isinstance(schema, str) and _SCHEMA.match(schema)):
        return True
    return isinstance(name, str) and data.get("specVersion") in VALIDATED


def validated(data: Table, version: str, size: int) -> tuple[bool | None, tuple[str, ...]]:
    """Whether the document fits its own version's schema, and at most ten errors in order of their place."""
    validator = _validator(version) if version in VALIDATED else None
    if validator is None:
        return None, ()
    if validator.is_valid(data):
        return True, ()
    if size > _ALL_ERRORS_BYTES:
        return False, _first_error(validator, data)
    errors = sorted((list(map(str, one.instance_path)), _described(one)) for one in validator.iter_errors(data))
    return False, tuple(text for _, text in errors[:_MAX_ERRORS])


def _first_error(validator: Validator, data: Table) -> tuple[str, ...]:
    from jsonschema_rs import ValidationError

    try:
        validator.validate(data)
    except ValidationError as problem:
        return (_described(problem),)
    return ()


def _described(error: ValidationError) -> str:
    steps = (str(one).replace("~", "~0").replace("/", "~1") for one in error.instance_path)
    pointer = "".join(f"/{one[:_MAX_ERROR_TEXT]}" for one in steps)
    return f"{pointer or '/'}: {error.message[:_MAX_ERROR_TEXT]}"


@cache
def _validator(version: str) -> Validator | None:
    """The schema as the cyclonedx package ships it, found without importing that package; None when it is not there."""
    import json

    import jsonschema_rs

    folder = schema_folder()
    name = f"bom-{version}.SNAPSHOT.schema.json"
    if folder is None or not (folder / name).is_file():
        return None
    schema: dict[str, Json] = json.loads((folder / name).read_text("utf-8"))
    parts: list[tuple[str, dict[str, Json]]] = [
        (f"http://cyclonedx.org/schema/{part}", json.loads((folder / part).read_text("utf-8")))
        for part in _PARTS
        if (folder / part).is_file()
    ]
    return jsonschema_rs.validator_for(
        schema,
        registry=jsonschema_rs.Registry(parts),
        validate_formats=True,
        mask="the value",
        offline=True,
    )


def _detect(artifact: Artifact) -> bool:
    return looks_like_sbom(artifact.content) == "CycloneDX JSON"


SBOM_FORMAT = SbomFormat(
    name="cyclonedx-json",
    detect=_detect,
    read=read,
    doc=Doc(
        title="CycloneDX in JSON",
        vendor="OWASP Foundation, Ecma International",
        references=("ECMA-424 (CycloneDX 1.6 and 1.7), read 2026-11-22", "https://cyclonedx.org/docs/1.7/json/"),
        limitations=(
            "validated against the schema for versions 1.2 to 1.7; other versions are read without",
            "vulnerabilities, formulation, declarations and the texts of licences are not read",
            "JSF signatures inside the document are not verified",
            "references to other documents (BOM-Link) are not followed",
        ),
    ),
)
