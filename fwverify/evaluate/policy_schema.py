"""JSON Schema of the policy language, made from the rules, so that editors know every rule and parameter.

It describes shape only; the loader (`policy_text`) decides. Draft 2020-12. Editors type YAML scalars before they look,
so numbers and booleans stand where the loader reads texts.
"""

from __future__ import annotations

from collections.abc import Sequence

from fwverify.evaluate.interface import Param, ParamKind, Rule
from fwverify.evaluate.policy_text import (
    ACTIONS,
    EXPECTED,
    LANGUAGE,
    LEVELS,
    LOOSENABLE,
    MOST_VALID_DAYS,
    ON_MISSING,
    REQUIRES,
)
from fwverify.evaluate.registry import BUILTIN
from fwverify.evaluate.values import shown
from fwverify.model.canonical import Json

SCHEMA_ID = "https://fwverify.example/policy/1"


def policy_schema(rules: Sequence[Rule] = BUILTIN) -> dict[str, Json]:
    """The schema as plain JSON."""
    ids: list[Json] = [one.id for one in rules]
    text: Json = {"type": "string", "minLength": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "fwverify policy",
        "type": "object",
        "additionalProperties": False,
        "required": ["fwverify", "id", "version", "title"],
        "anyOf": [{"required": ["rules"]}, {"required": ["extends"]}],
        "properties": {
            "fwverify": {"const": LANGUAGE},
            "id": {"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]*$"},
            "version": {"type": ["string", "number"]},
            "title": text,
            "owner": {"type": "string"},
            "review-by": {"type": "string", "format": "date"},
            "extends": {"type": "string", "pattern": "^builtin:|[.]ya?ml$"},
            "loosen": {"type": "array", "items": {"enum": [*ids, *LOOSENABLE]}},
            "loosen-reason": text,
            "unwaivable": {"type": "array", "items": {"enum": ids}},
            "unwaivable-failures": {"type": "array", "items": {"enum": ids}},
            "on-missing": {"enum": list(ON_MISSING)},
            "content-only": {"type": "boolean"},
            "valid-days": {"type": "integer", "minimum": 1, "maximum": MOST_VALID_DAYS},
            "allow-sample-keys": {"type": "boolean"},
            "action": {"enum": list(ACTIONS)},
            "expect": {
                "type": "object",
                "additionalProperties": False,
                "properties": {one: {"type": ["string", "number"]} for one in EXPECTED},
            },
            "requires": next((_rule(one) for one in rules if one.id == REQUIRES), {}),
            "rules": {
                "type": "object",
                "additionalProperties": False,
                "properties": {one.id: _rule(one) for one in rules},
            },
        },
    }


def _rule(rule: Rule) -> Json:
    level: Json = {"enum": list(LEVELS), "default": rule.default.value}
    table: Json = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"level": level, **{one.name: _param(one) for one in rule.params}},
    }
    return {"description": rule.measures, "anyOf": [level, {"type": "null"}, table]}


def _param(param: Param) -> Json:
    return {"description": f"{param.meaning} Default: {shown(param, param.default)}.", **_kind(param)}


def _kind(param: Param) -> dict[str, Json]:
    match param.kind:
        case ParamKind.RATIO:
            return {"type": "number", "minimum": 0, "maximum": 1}
        case ParamKind.INTEGER:
            return {"enum": [int(one) for one in param.choices]} if param.choices else {"type": "integer", "minimum": 0}
        case ParamKind.FLAG:
            return {"type": "boolean"}
        case ParamKind.CHOICE:
            return {"enum": list(param.choices)}
        case ParamKind.LIST:
            return {"type": "array", "items": _text(param, {"type": "string"})}
        case ParamKind.TEXT:
            return _text(param, {"type": ["string", "number"]})


def _text(param: Param, plain: dict[str, Json]) -> dict[str, Json]:
    if param.choices:
        return {"enum": list(param.choices)}
    return {**plain, "pattern": f"^({param.pattern})$"} if param.pattern else plain
