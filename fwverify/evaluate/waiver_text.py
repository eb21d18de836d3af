"""Waiver text -> GivenWaiver. One file is one waiver; what it is worth is decided elsewhere (`waivers`).

The language is described in docs/waivers.md. Every mistake is a WaiverError that says file:line:column. Who may approve
what, and for how long, is no matter of reading: a waiver that breaks those rules is read, refused and shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from fwverify.errors import WaiverError
from fwverify.evaluate.fields import Fields
from fwverify.evaluate.registry import BUILTIN
from fwverify.evaluate.values import did_you_mean
from fwverify.evaluate.waivers import GivenWaiver, Span
from fwverify.formats.strict_yaml import Entry, Node

LANGUAGE = "waiver/1"
NOUN = "waiver"
KEYS = (
    "fwverify", "id", "rules", "items", "scope", "reason", "compensating-controls", "risk-owner", "requested-by",
    "approved-by", "valid-from", "expires",
)  # fmt: skip
SCOPE = ("images", "product", "versions")
RULE_IDS = [one.id for one in BUILTIN]
SHA256 = re.compile(r"[0-9a-f]{64}")
BOUND = re.compile(r"(>=|<=|>|<|==)\s*([0-9vV][0-9A-Za-z.+~:_-]*)")


def parse_waiver(text: str, source: str, rules: Sequence[str] = RULE_IDS) -> GivenWaiver:
    """Read one waiver.

    Args:
        text: content of the file.
        source: as the operator named it; stands in every error.
        rules: ids of the rules that exist.

    Raises:
        WaiverError: with file:line:column, what is wrong and what to do.
    """
    return _Reader(source, rules).waiver(text)


class _Reader(Fields):
    """Reads one waiver text."""

    mistake = WaiverError

    def __init__(self, source: str, rules: Sequence[str]) -> None:
        super().__init__(source)
        self.rules = rules

    def waiver(self, text: str) -> GivenWaiver:
        root = self.root(text)
        self.table = self.entries(root, "a waiver", KEYS)
        self.language(root, LANGUAGE, NOUN)
        scope = self.scope(self.needed(root, "scope", NOUN))
        return GivenWaiver(
            id=self.name(root),
            digest=hashlib.sha256(text.encode()).hexdigest(),
            source=self.source,
            rules=self.named_rules(root),
            items=self.digests(self.needed(root, "items", NOUN), "items", "the fingerprint of an item"),
            images=self.digests(scope["images"].value, "images", "the SHA-256 of an image")
            if "images" in scope
            else (),
            product=self.product(scope),
            versions=self.versions(scope),
            reason=self.said(root, "reason", NOUN),
            controls=self.filled(self.needed(root, "compensating-controls", NOUN), "compensating-controls"),
            risk_owner=self.said(root, "risk-owner", NOUN),
            requested_by=self.said(root, "requested-by", NOUN),
            approved_by=self.filled(self.needed(root, "approved-by", NOUN), "approved-by"),
            valid_from=self.day(self.needed(root, "valid-from", NOUN), "valid-from"),
            expires=self.day(self.needed(root, "expires", NOUN), "expires"),
        )

    def name(self, root: Node) -> str:
        text = self.said(root, "id", NOUN)
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", text):
            raise self.error(
                self.needed(root, "id", NOUN), f"the id {text!r} may only have letters, digits, '.', '_' and '-'"
            )
        return text

    def filled(self, node: Node, what: str) -> tuple[str, ...]:
        """A list of texts, none of them empty."""
        found = self.texts(node, what)
        for one in node.items or ():
            if not (one.text or "").strip():
                raise self.error(one, f"an entry of {what} is empty")
        if not found:
            raise self.error(node, f"{what} is empty")
        return found

    def named_rules(self, root: Node) -> tuple[str, ...]:
        node = self.needed(root, "rules", NOUN)
        found = self.filled(node, "rules")
        for one in node.items or ():
            if one.text not in self.rules:
                raise self.error(one, f"there is no rule {one.text!r}.{did_you_mean(str(one.text), self.rules)}",
                                 "'fwverify rules' lists them.")  # fmt: skip
        return found

    def digests(self, node: Node, what: str, noun: str) -> tuple[str, ...]:
        found = self.filled(node, what)
        for one in node.items or ():
            if not SHA256.fullmatch(one.text or ""):
                raise self.error(
                    one, f"{one.text!r} is not {noun}: 64 hexadecimal digits, in lower case",
                    "'fwverify waiver new REPORT --rule ID' writes them for you.",
                )  # fmt: skip
        return found

    def scope(self, node: Node) -> dict[str, Entry]:
        """Either image digests, or a product with versions."""
        scope = self.entries(node, "scope", SCOPE)
        if ("images" in scope) == ("product" in scope) or ("product" in scope) != ("versions" in scope):
            raise self.error(
                node, "a scope is either 'images: [SHA-256]', or 'product:' and 'versions:' together",
                "Image digests are the safer of the two; a product needs a second approver.",
            )  # fmt: skip
        return scope

    def product(self, scope: dict[str, Entry]) -> str:
        if "product" not in scope:
            return ""
        text = self.text(scope["product"].value, "product")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
            raise self.error(scope["product"].value, f"{text!r} is no product id; patterns are not accepted here")
        return text

    def versions(self, scope: dict[str, Entry]) -> tuple[Span, ...]:
        if "versions" not in scope:
            return ()
        node = scope["versions"].value
        bounds = [BOUND.fullmatch(one.strip()) for one in self.text(node, "versions").split(",")]
        found = tuple((one[1], one[2]) for one in bounds if one is not None)
        closed = any(sign in ("<", "<=", "==") for sign, _ in found)
        if len(found) != len(bounds) or not closed:
            raise self.error(
                node, f"{node.text!r} is no range of versions with an upper end", 'Write ">=3.0, <3.2" or "==3.1.0".'
            )
        return found
