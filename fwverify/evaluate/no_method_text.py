"""Text -> NoMethod: the operator's record that a vendor offers no way to show where a file comes from.

The language is described in docs/policies.md. Every mistake is a PolicyError that says file:line:column.
"""

from __future__ import annotations

from fwverify.errors import PolicyError
from fwverify.evaluate.fields import Fields
from fwverify.formats.strict_yaml import Node
from fwverify.model.expectation import NoMethod

LANGUAGE = "no-method/1"
NOUN = "record"
KEYS = ("fwverify", "vendor", "products", "asked", "asked-by", "channel", "on", "answer", "mitigation")


def parse_no_method(text: str, source: str) -> NoMethod:
    """Read one record. Raises PolicyError with file:line:column."""
    return _Reader(source).record(text)


class _Reader(Fields):
    """Reads one record."""

    mistake = PolicyError

    def record(self, text: str) -> NoMethod:
        root = self.root(text)
        self.table = self.entries(root, "a record", KEYS)
        self.language(root, LANGUAGE, NOUN)
        products = self.head("products")
        return NoMethod(
            vendor=self.said(root, "vendor", NOUN),
            products=self.filled(products, "products") if products is not None else (),
            asked=self.said(root, "asked", NOUN),
            asked_by=self.said(root, "asked-by", NOUN),
            channel=self.said(root, "channel", NOUN),
            on=self.day(self.needed(root, "on", NOUN), "on"),
            answer=self.said(root, "answer", NOUN),
            mitigation=self.filled(self.needed(root, "mitigation", NOUN), "mitigation"),
        )

    def filled(self, node: Node, what: str) -> tuple[str, ...]:
        found = self.texts(node, what)
        if not found or not all(one.strip() for one in found):
            raise self.error(node, f"{what} is empty, or an entry of it is")
        return found
