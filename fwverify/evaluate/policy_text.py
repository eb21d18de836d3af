"""Policy text -> Policy. A flat list of named rules with typed parameters; what needs logic is a rule in Python.

The language is described in rules.md ("Policy file") and, for editors, in policies/policy.schema.json. Every mistake
is a PolicyError that says file:line:column. This module reads no file: the text comes in, and so does the function
that finds a policy named in `extends`.

Not here: waiver files, expressions, templates.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

from fwverify.errors import PolicyError
from fwverify.evaluate.fields import Fields
from fwverify.evaluate.interface import Param, ParamKind, Rule, Value
from fwverify.evaluate.policy import DEFAULT, SHAPING, Loader, Policy, RuleSetting, Setting
from fwverify.evaluate.registry import BUILTIN
from fwverify.evaluate.values import NotAValue, choice, did_you_mean, flag, integer, looser, matching, scalar, shown
from fwverify.formats.strict_yaml import Entry, Node
from fwverify.model.expectation import Expectation
from fwverify.model.finding import Level

LANGUAGE = "policy/1"
VALID_DAYS, MOST_VALID_DAYS = 30, 365
"""How long an answer stands where no policy says, and at most."""
LEVELS = tuple(one.value for one in Level)
STRICTNESS = {Level.OFF: 0, Level.INFO: 1, Level.SHOULD: 2, Level.MUST: 3}
ACTIONS = ("install", "accept", "merge")
ON_MISSING = ("inconclusive", "fail")
"""From the looser to the stricter."""
TEXTS = ("id", "version", "title", "owner")
EXPECTED = ("vendor", "product", "installed")
KEYS = (
    "fwverify", *TEXTS, "review-by", "extends", "loosen", "loosen-reason", "unwaivable", "unwaivable-failures",
    "on-missing", "content-only", "valid-days", "allow-sample-keys", "action", "expect", "requires", "rules",
)  # fmt: skip
REQUIRES = "run.settings"
"""The rule whose parameters `requires:` sets."""
LOOSENABLE = ("on-missing", "content-only", "allow-sample-keys", "unwaivable", "unwaivable-failures", "valid-days",
              "expect")  # fmt: skip
"""Keys beside the rules that a child may only tighten."""


def parse_policy(text: str, source: str, loader: Loader, rules: Sequence[Rule] = BUILTIN) -> Policy:
    """Read one policy.

    1. The text is strict YAML and says `fwverify: policy/1`.
    2. Its parent, if it has one, is loaded first; what the child does not say is the parent's.
    3. Every key, rule, parameter and level is known, and every value is of its kind.
    4. A child that asks for less than its parent does so only where `loosen` says it, with a reason.

    Args:
        text: content of the file.
        source: as the operator named it; stands in every error.
        loader: finds the parent.
        rules: the rules that exist.

    Raises:
        PolicyError: with file:line:column, what is wrong and what to do.
    """
    return _Reader(source, loader, {one.id: one for one in rules}).policy(text)


class _Reader(Fields):
    """Reads one policy text; holds what every step needs for its error messages."""

    mistake = PolicyError

    def __init__(self, source: str, loader: Loader, rules: dict[str, Rule]) -> None:
        super().__init__(source)
        self.loader, self.rules = loader, rules
        self.parent: Policy | None = None
        self.loosen: tuple[str, ...] = ()

    def origin(self, node: Node) -> str:
        return f"line {node.line}"

    # --- the whole ---

    def policy(self, text: str) -> Policy:
        root = self.root(text)
        self.table = self.entries(root, "a policy", KEYS)
        self.language(root, LANGUAGE, "policy")
        self._parent()
        self._loosen()
        if self.parent is None and "rules" not in self.table:
            raise self.error(root, "the policy has neither rules nor a parent", "Add 'rules:' or 'extends:'.")
        settings = self._rules()
        heads = self._heads(root)
        values = {one.name: one.value for one in heads}
        parent_digest = self.parent.digest if self.parent else ""
        body = text + (f"\n{parent_digest}" if parent_digest else "")
        return Policy(
            id=str(values["id"]),
            version=str(values["version"]),
            title=str(values["title"]),
            owner=str(values["owner"]),
            review_by=str(values["review-by"]),
            source=self.source,
            digest=hashlib.sha256(body.encode()).hexdigest(),
            extends=self.parent.source if self.parent else "",
            parents=(self.parent.source, *self.parent.parents) if self.parent else (),
            unwaivable=_tuple(values["unwaivable"]),
            unwaivable_failures=_tuple(values["unwaivable-failures"]),
            on_missing=str(values["on-missing"]),
            content_only=values["content-only"] is True,
            valid_days=int(str(values["valid-days"])),
            allow_sample_keys=values["allow-sample-keys"] is True,
            action=str(values["action"]),
            expect=self._expect(str(values["id"])),
            loosened=self.loosen,
            loosen_reason=self._optional("loosen-reason"),
            rules=settings,
            heads=heads,
        )

    def _parent(self) -> None:
        node = self.head("extends")
        if node is None:
            return
        name = self.text(node, "extends")
        if not name.startswith("builtin:") and not name.endswith((".yaml", ".yml")):
            raise self.error(
                node, f"extends must name a shipped policy as 'builtin:NAME', or a policy file, not {name!r}",
                "A file is looked for beside this one: 'extends: organisation.yaml'.",
            )  # fmt: skip
        try:
            self.parent = self.loader(name)
        except PolicyError as problem:
            if problem.where:
                raise
            raise self.error(node, problem.what, problem.todo) from None

    def _loosen(self) -> None:
        node = self.head("loosen")
        if node is None:
            return
        if self.parent is None:
            raise self.error(node, "loosen makes sense only in a policy that extends another")
        known = (*self.rules, *LOOSENABLE)
        self.loosen = self.texts(node, "loosen")
        for one in node.items or ():
            if one.text not in known:
                raise self.error(one, f"no rule {one.text!r} to loosen.{did_you_mean(str(one.text), known)}")
        if not self._optional("loosen-reason").strip():
            raise self.error(node, "loosen needs a reason", "Add 'loosen-reason:' with one sentence why.")

    def _optional(self, name: str) -> str:
        node = self.head(name)
        return self.text(node, name) if node is not None else ""

    def may_loosen(self, subject: str, node: Node, what: str) -> None:
        """Raise unless `loosen` names the subject."""
        if subject not in self.loosen:
            name = self.parent.source if self.parent else ""
            raise self.error(
                node, f"{subject}: {what} asks for less than {name} does",
                f"If that is meant, add 'loosen: [{subject}]' and a 'loosen-reason:'.",
            )  # fmt: skip

    # --- what stands beside the rules ---

    def _heads(self, root: Node) -> tuple[Setting, ...]:
        out = [self._required(root, one) if one != "owner" else self._owner() for one in TEXTS]
        out.append(self._review_by())
        out.append(self._choice("on-missing", ON_MISSING, ON_MISSING[0]))
        out.append(self._flag("content-only"))
        out.append(self._valid_days())
        out.append(self._flag("allow-sample-keys"))
        out.append(self._choice("action", ACTIONS, ACTIONS[0]))
        out.extend(self._unwaivable(one) for one in ("unwaivable", "unwaivable-failures"))
        return tuple(out)

    def _inherited(self, name: str, default: Value) -> Setting:
        if self.parent is not None:
            found = next(one for one in self.parent.heads if one.name == name)
            return replace(found, origin=_from(self.parent, found.origin))
        text = "[]" if default == () else str(default).lower()
        return Setting(name, default, DEFAULT, text)

    def _required(self, root: Node, name: str) -> Setting:
        text, node = self.said(root, name, "policy"), self.needed(root, name, "policy")
        if name == "id" and not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", text):
            raise self.error(node, f"the id {text!r} may only have lower-case letters, digits, '.', '_' and '-'")
        return Setting(name, text, self.origin(node), text)

    def _owner(self) -> Setting:
        node = self.head("owner")
        if node is None:
            return self._inherited("owner", "")
        text = self.text(node, "owner")
        return Setting("owner", text, self.origin(node), text)

    def _review_by(self) -> Setting:
        node = self.head("review-by")
        if node is None:
            return self._inherited("review-by", "")
        text = self.day(node, "review-by")
        return Setting("review-by", text, self.origin(node), text)

    def _choice(self, name: str, choices: tuple[str, ...], default: str) -> Setting:
        inherited = self._inherited(name, default)
        node = self.head(name)
        if node is None:
            return inherited
        try:
            value = choice(self.text(node, name), choices)
        except NotAValue as problem:
            raise self.error(node, f"{name}: {problem}") from None
        if name in LOOSENABLE and self.parent is not None and choices.index(value) < choices.index(
            str(inherited.value)
        ):  # fmt: skip
            self.may_loosen(name, node, value)
        return Setting(name, value, self.origin(node), value)

    def _flag(self, name: str) -> Setting:
        """content-only and allow-sample-keys: `true` is the looser value of both."""
        inherited = self._inherited(name, False)
        node = self.head(name)
        if node is None:
            return inherited
        try:
            value = flag(self.text(node, name))
        except NotAValue as problem:
            raise self.error(node, f"{name}: {problem}") from None
        if self.parent is not None and value and not inherited.value:
            self.may_loosen(name, node, "true")
        return Setting(name, value, self.origin(node), str(value).lower())

    def _valid_days(self) -> Setting:
        """For how many days an answer stands; more of them is looser."""
        inherited = self._inherited("valid-days", VALID_DAYS)
        node = self.head("valid-days")
        if node is None:
            return inherited
        try:
            days = integer(self.text(node, "valid-days"))
        except NotAValue as problem:
            raise self.error(node, f"valid-days: {problem}") from None
        if not 0 < days <= MOST_VALID_DAYS:
            raise self.error(node, f"valid-days must be 1 to {MOST_VALID_DAYS}, not {days}")
        if self.parent is not None and days > int(str(inherited.value)):
            self.may_loosen("valid-days", node, f"{days} days")
        return Setting("valid-days", days, self.origin(node), str(days))

    def _unwaivable(self, name: str) -> Setting:
        """Rules nobody can sign away; what is unwaivable altogether is so where it failed, too."""
        inherited = self._inherited(name, ())
        node = self.head(name)
        if node is None:
            return inherited
        named = self.texts(node, name)
        for one in node.items or ():
            if one.text not in self.rules:
                raise self.error(one, f"no rule {one.text!r}.{did_you_mean(str(one.text), self.rules)}")
        missing = sorted(set(_tuple(inherited.value)) - set(named))
        if missing:
            self.may_loosen(name, node, f"leaving out {', '.join(missing)}")
        return Setting(name, named, self.origin(node), f"[{', '.join(named)}]")

    def _expect(self, policy_id: str) -> Expectation:
        node = self.head("expect")
        base = self.parent.expect if self.parent else Expectation(source=f"policy {policy_id}")
        if node is None:
            return base
        table = self.entries(node, "expect", EXPECTED)
        given = {name: self.text(entry.value, f"expect.{name}") for name, entry in table.items()}
        for name, text in given.items():
            if (known := getattr(base, name)) and text != known:
                self.may_loosen("expect", table[name].value, f"{name} {text!r} instead of {known!r}")
        return Expectation(
            vendor=given.get("vendor", base.vendor),
            product=given.get("product", base.product),
            installed=given.get("installed", base.installed),
            source=f"policy {policy_id}",
        )

    # --- rules ---

    def _rules(self) -> tuple[RuleSetting, ...]:
        node = self.head("rules")
        named: dict[str, Entry] = {}
        if node is not None:
            if node.table is None:
                raise self.error(node, f"rules must be a table of 'rule: level', not {node.kind}")
            named = dict(node.table)
        if (requires := self.table.get("requires")) is not None:
            if REQUIRES in named or requires.value.table is None:
                raise self.error(requires.key, "requires must be a table like {isolation: full}, said in one place")
            named[REQUIRES] = requires
        for name, entry in named.items():
            if name not in self.rules:
                raise self.error(entry.key, f"there is no rule {name!r}.{did_you_mean(name, self.rules)}",
                                 "'fwverify rules' lists them.")  # fmt: skip
        return tuple(self._rule(one, named.get(one.id)) for one in self.rules.values())

    def _base(self, rule: Rule) -> RuleSetting:
        """What holds when this file says nothing about the rule."""
        parent = self.parent
        if parent is None:
            params = tuple(Setting(one.name, one.default, DEFAULT, shown(one, one.default)) for one in rule.params)
            return RuleSetting(rule.id, Level.OFF, DEFAULT, params)
        found = next(one for one in parent.rules if one.rule == rule.id)
        params = tuple(replace(one, origin=_from(parent, one.origin)) for one in found.params)
        return replace(found, origin=_from(parent, found.origin), params=params)

    def _rule(self, rule: Rule, entry: Entry | None) -> RuleSetting:
        base = self._base(rule)
        if entry is None:
            return base
        table, level_node = self._parts(rule, entry.value)
        required = entry.key.text == "requires"  # must, whatever level a parent gives the rule
        named = rule.default if required or base.level is Level.OFF else base.level
        level = self._level(level_node) if level_node is not None else named
        inherits = self.parent is not None and base.level is not Level.OFF
        shapes = self.parent is not None and rule.id in SHAPING
        if inherits and STRICTNESS[level] < STRICTNESS[base.level]:
            self.may_loosen(rule.id, level_node or entry.value, f"level {level}")
        params = tuple(
            self._param(rule, param, old, table.get(param.name), inherits or shapes)
            for param, old in zip(rule.params, base.params, strict=True)
        )
        return RuleSetting(rule.id, level, self.origin(level_node or entry.key), params)

    def _parts(self, rule: Rule, node: Node) -> tuple[dict[str, Entry], Node | None]:
        """`must`, nothing at all, or a table with `level` and parameters."""
        if node.text is not None:
            return {}, node if node.text else None
        if node.table is None:
            raise self.error(node, f"{rule.id} takes a level or a table like {{level: must}}, not {node.kind}")
        known = ["level", *(one.name for one in rule.params)]
        table = self.entries(node, f"the rule {rule.id}", known)
        level = table.get("level")
        return table, level.value if level else None

    def _level(self, node: Node) -> Level:
        try:
            return Level(choice(self.text(node, "a level"), LEVELS))
        except NotAValue as problem:
            raise self.error(node, f"level {problem}") from None

    def _param(self, rule: Rule, param: Param, old: Setting, entry: Entry | None, inherits: bool) -> Setting:
        if entry is None:
            return old
        node = entry.value
        try:
            value = self._value(param, node)
        except NotAValue as problem:
            raise self.error(node, f"{rule.id} {param.name}: {problem}") from None
        if inherits and looser(param, value, old.value):
            self.may_loosen(rule.id, node, f"{param.name} {shown(param, value)} instead of {old.text}")
        return Setting(param.name, value, self.origin(node), shown(param, value))

    def _value(self, param: Param, node: Node) -> Value:
        if param.kind is ParamKind.LIST:
            values = self.texts(node, param.name)
            for one in values:
                if param.choices:
                    choice(one, param.choices)
                matching(param, one)
            return values
        return scalar(param, self.text(node, param.name))


def _from(parent: Policy, origin: str) -> str:
    """Where an inherited value came from: its own words already name an older file."""
    return f"{parent.source} {origin}" if origin.startswith("line ") else origin


def _tuple(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
