"""The libconfig configuration language, read into plain values, strictly.

Source: libconfig manual 1.7, "Configuration Files" and its grammar, read 2026-11-22. Settings are `name = value` or
`name : value`, ended by nothing, `;` or `,`; values are numbers, booleans, strings (adjacent ones join), arrays of
scalars `[ ]`, lists `( )` and groups `{ }`. Comments are `#`, `//` and `/* */`.

Refused, because two readers could see two things: a setting that is given twice, `@include`, a zero inside a string,
bytes that are not UTF-8. Does NOT keep comments or places, and does not tell arrays from lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fwverify.formats.strict_json import Value
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed

WHAT = "libconfig text"
MAX_BYTES = 4 << 20
"""A description of an update: the largest seen have some 100 kB, embedded scripts included."""
MAX_DEPTH = 64
MAX_TOKENS = 500_000
_TOKEN = re.compile(
    r"(?P<blank>(?:[ \t\r\n\f]+|(?:\#|//)[^\n]*|/\*(?:[^*]|\*(?!/))*+\*/)++)"
    r'|(?P<string>"(?:[^"\\]|\\.)*+")'
    r"|(?P<name>[A-Za-z*][-A-Za-z0-9_*]*+)"
    r"|(?P<hex>0[Xx][0-9A-Fa-f]+L{0,2})"
    r"|(?P<based>0[Bb][01]+L{0,2}|0[OoQq][0-7]+L{0,2})"
    r"|(?P<float>[-+]?(?:[0-9]*\.[0-9]*(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+))"
    r"|(?P<integer>[-+]?[0-9]+L{0,2})"
    r"|(?P<mark>[=:;,(){}\[\]])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:[xX]([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "\\": "\\", '"': '"', "a": "\a", "b": "\b", "v": "\v"}
_CLOSING = {"[": "]", "(": ")"}
_MAX_DIGITS = 20


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    """A recursive descent over tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.at = tokens, 0

    def peek(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def settings(self, end: str, depth: int) -> dict[str, Value]:
        """Settings up to the mark that ends them (empty: the end of the text)."""
        found: dict[str, Value] = {}
        while self.peek().text != end or self.peek().kind == "string":
            name, equals = self.take(), self.take()
            if name.kind != "name" or equals.kind != "mark" or equals.text not in "=:":
                raise Malformed(WHAT, "a setting has no name and value", name.at)
            if name.text in found:
                raise Malformed(WHAT, f"the setting {name.text[:100]} is given twice", name.at)
            found[name.text] = self.value(depth)
            if self.peek().kind == "mark" and self.peek().text in ";,":
                self.take()
        self.take()
        return found

    def value(self, depth: int) -> Value:
        if depth > MAX_DEPTH:
            raise Malformed(WHAT, f"nested more than {MAX_DEPTH} deep", self.peek().at)
        token = self.take()
        if token.kind == "mark" and token.text in _CLOSING:
            return self.items(_CLOSING[token.text], depth)
        if token.kind == "mark" and token.text == "{":
            return self.settings("}", depth + 1)
        if token.kind == "string":
            return self.string(token)
        return _scalar(token)

    def items(self, end: str, depth: int) -> list[Value]:
        found: list[Value] = []
        while self.peek().kind == "string" or self.peek().text != end:
            found.append(self.value(depth + 1))
            if self.peek().kind == "mark" and self.peek().text == ",":
                self.take()
            elif self.peek().text != end:
                raise Malformed(WHAT, "a comma is missing", self.peek().at)
        self.take()
        return found

    def string(self, first: _Token) -> str:
        parts = [_unescaped(first)]
        while self.peek().kind == "string":
            parts.append(_unescaped(self.take()))
        return "".join(parts)


def parse(raw: bytes) -> dict[str, Value]:
    """Read a whole text.

    Raises:
        Malformed: it is not libconfig, or has two meanings.
        LimitExceeded: too long.
    """
    if len(raw) > MAX_BYTES:
        raise LimitExceeded("max_text_bytes", len(raw))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Malformed(WHAT, "not UTF-8", problem.start) from None
    if "\0" in text:
        raise Malformed(WHAT, "a zero byte", text.index("\0"))
    return _Reader(_tokens(text)).settings("", 0)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            what = "@include is not followed" if text.startswith("@include", at) else "not a token of the language"
            raise Malformed(WHAT, what, at)
        if match.lastgroup != "blank":
            found.append(_Token(match.lastgroup or "", match[0], at))
        if len(found) > MAX_TOKENS:
            raise LimitExceeded("max_text_bytes", len(text))
        at = match.end()
    # two, so that a setting that ends too early is read as such
    return [*found, _Token("end", "", at), _Token("end", "", at)]


def _scalar(token: _Token) -> Value:
    lowered, digits = token.text.lower(), token.text.rstrip("L")
    if token.kind == "name" and lowered in ("true", "false"):
        return lowered == "true"
    if token.kind in ("hex", "based", "integer") and len(digits) <= 4 * _MAX_DIGITS:
        base = {"hex": 16, "integer": 10}.get(token.kind) or (2 if lowered[1] == "b" else 8)
        return int(digits[2:] if token.kind == "based" else digits, base)
    if token.kind == "float" and any(one.isdigit() for one in token.text) and len(token.text) <= 4 * _MAX_DIGITS:
        return float(token.text)
    raise Malformed(WHAT, "a value is missing or unknown", token.at)


def _unescaped(token: _Token) -> str:
    def one(match: re.Match[str]) -> str:
        code, letter = match[1], match[2]
        if code is None:
            return _ESCAPED.get(letter, "\\" + letter)
        if code == "00":
            raise Malformed(WHAT, "a zero inside a string", token.at)
        return chr(int(code, 16))

    return _ESCAPE.sub(one, token.text[1:-1])
