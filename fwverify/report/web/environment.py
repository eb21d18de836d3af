"""The one place HTML pages are made: templates, what every text passes, the content security policy.

Sources: HTML Living Standard (script element, restrictions on contents; data blocks), Content Security Policy Level 3
(hash sources), Jinja2 3.1 (autoescape, finalize, StrictUndefined), read 2026-11-23.

Every `{{ value }}` of every template passes `neutral.shortened`, then HTML escaping: no template can forget it. The
page may run and be styled by exactly the script and the stylesheet that are in it: the policy names their SHA-256, and
forbids everything else, so that even a text that broke out of its place could not run, load or send anything. Therefore
templates use no `style` attribute. Does NOT decide anything and knows no section.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from fwverify.report.figures import count
from fwverify.report.neutral import shortened

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from fwverify.model.canonical import Json

MAX_TEXT = 1200
"""Characters of any one text on a page; head and tail of a longer one. Sections cut most of theirs shorter."""
STYLE = "style.css"
SCRIPT = "page.js"


def html_page(
    template: str, title: str, values: Mapping[str, object], *, styles: tuple[str, ...] = (), data: Json = None
) -> str:
    """A whole page, ending with a newline.

    Args:
        template: name under report/templates/; extends `base.html.j2`.
        title: of the window, plain text.
        values: what the template names; one that is missing is an error.
        styles: more stylesheets under report/templates/, behind the common one.
        data: carried in the page for programs, in a block no browser runs; None: nothing.
    """
    made = environment()
    style = "".join(_source(one) for one in (STYLE, *styles))
    script = _source(SCRIPT)
    return made.get_template(template).render(
        {**values, "title": title, "style": _raw(style), "script": _raw(script), "policy": policy(style, script),
         "data": None if data is None else data_block(data)}
    )  # fmt: skip


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy of a page with this stylesheet and this script."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )


def data_block(data: Json) -> Markup:
    """JSON for a script element of type application/json: nothing in it can end the element or begin a comment."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("\x7f", "\\u007f")
    for one in "<>&":
        text = text.replace(one, f"\\u{ord(one):04x}")
    return _raw(text)


@cache
def environment() -> Environment:
    """Templates of the package; unknown names are errors, every value is made harmless."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("fwverify", "report/templates"), autoescape=True, undefined=StrictUndefined,
        finalize=_harmless, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters["count"] = count
    made.filters["lines"] = _lines
    made.filters["shell"] = _shell
    return made


def _harmless(value: object) -> object:
    """What every expression of a template passes before it is escaped."""
    from markupsafe import Markup

    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return shortened(value.replace("\n", " "), MAX_TEXT)


def _lines(texts: Iterable[str]) -> Markup:
    """Each text on a line of its own, harmless and escaped; for `pre`."""
    from markupsafe import Markup, escape

    return Markup("\n").join(escape(_harmless(one)) for one in texts)


def _shell(words: Sequence[str]) -> Markup:
    """A command whose words are quoted already, each kept whole where the line has room; for `pre`."""
    from markupsafe import Markup

    return Markup(" ").join(Markup('<span class="arg">{}</span>').format(_harmless(one)) for one in words)


@cache
def _source(name: str) -> str:
    loader = environment().loader
    assert loader is not None  # noqa: S101 - made above
    return loader.get_source(environment(), name)[0]


def _raw(text: str) -> Markup:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - our own files, and JSON without a character that HTML knows


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
