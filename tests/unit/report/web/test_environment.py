"""The environment of HTML pages: every value harmless, the policy fits, the data block cannot be left."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest
from jinja2 import UndefinedError

from fwverify.report.web.environment import data_block, environment, html_page

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202e\x1b[31m\ud800\x00"


def rendered(source: str, **values: object) -> str:
    return environment().from_string(source).render(values)


def test_every_value_is_made_visible_and_escaped() -> None:
    """Markup, attributes, control characters, bidi marks and surrogates become text that does nothing."""
    said = rendered('<p title="{{ one }}">{{ one }}</p>', one=HOSTILE)
    assert "<img" not in said and "</script" not in said and "\u202e" not in said and "\x1b" not in said
    assert said.count("\\u202e") == 2 and said.count("\\x1b") == 2 and said.count("\\ud800") == 2
    assert said.count('"') == 2
    said.encode()


def test_names_that_nobody_gave_are_errors() -> None:
    """A template that names a value which is not there stops, rather than to leave a hole in the page."""
    with pytest.raises(UndefinedError):
        rendered("{{ nothing }}")


def test_data_cannot_end_its_element() -> None:
    """The block has none of the characters that HTML knows, and reads back as it was."""
    value = {"name": [HOSTILE, "<!--<script>", "\u2028"]}
    text = str(data_block(value))
    assert not set("<>&") & set(text) and text.isascii() and text.isprintable()
    assert json.loads(text) == value


def test_the_policy_names_what_is_in_the_page() -> None:
    """The hashes of the policy are those of the page's only stylesheet and only script; nothing may be loaded."""
    text = html_page("base.html.j2", "<b>title", {}, data={"a": 1})
    assert "<title>&lt;b&gt;title</title>" in text
    allowed = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert allowed is not None
    stated = allowed[1].replace("&#39;", "'")
    for tag, name in (("style", "style-src"), ("script", "script-src")):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert f"{name} 'sha256-{b64encode(sha256(body.encode()).digest()).decode()}'" in stated
    assert "default-src 'none'" in stated and "unsafe" not in stated
    assert not re.search(r"""(?:https?:|//|url\(|@import|\sstyle=|\son[a-z]+=)""", text.split("</style>")[1])
