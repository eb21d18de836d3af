"""What the operator expects of a delivery, as options of a command; never taken from the delivery."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fwverify.cli import settings
from fwverify.cli.settings import NAME
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.model.expectation import ExpectedChecksum, NoMethod

F = TypeVar("F", bound=Callable[..., Any])
OPTIONS = (
    click.option("--vendor", default="", help="Whose it should be: vendor id of your key registry."),
    click.option("--product", default="", help="What it should be for: product id of your key registry."),
    click.option("--installed", default="", metavar="VERSION", help="Version installed now."),
    click.option("--min-version", "minimum", default="", metavar="VERSION", help="Lowest version you accept."),
    click.option(
        "--min-counter", "counter", metavar="N", type=click.IntRange(0),
        help="Lowest signed security counter you accept.",
    ),
    click.option(
        "--device", multiple=True, metavar="NAME=VALUE", help="What identifies the unit: compatible=acme-gw."
    ),
    click.option("--sha256", multiple=True, metavar="HEX", help="Digest that reached you another way."),
    click.option("--root-hash", multiple=True, metavar="HEX", help="dm-verity root hash that reached you another way."),
    click.option("--channel", default="", metavar="TEXT", help='How it reached you: "phone, J. Ortiz, 2026-10-03".'),
    click.option(
        "--no-method", metavar="FILE", type=click.Path(path_type=Path),
        help="Your dated record that the vendor offers no signature and no checksum.",
    ),
)  # fmt: skip


def expectation_options(command: F) -> F:
    """Add the options; the command gets one argument `expected` for all of them."""

    @functools.wraps(command)
    def wrapped(
        vendor: str,
        product: str,
        installed: str,
        minimum: str,
        counter: int | None,
        device: tuple[str, ...],
        sha256: tuple[str, ...],
        root_hash: tuple[str, ...],
        channel: str,
        no_method: Path | None,
        **others: Any,
    ) -> Any:
        from fwverify.model.expectation import Expectation

        back = others.get("rollback")
        deliveries = (*others.get("paths", ()), *((back,) if back is not None else ()))
        settings.refuse_inside(deliveries, None, None, no_method=no_method)
        for option, words in (("--channel", channel), *(("--device", one) for one in device)):
            settings.one_line(words, option)
        expected = Expectation(
            _id(vendor, "--vendor"),
            _id(product, "--product"),
            installed=_version(installed, "--installed"),
            checksums=checksums(sha256, root_hash, channel),
            device=tuple(sorted(_pair(one) for one in device)),
            minimum=_version(minimum, "--min-version"),
            minimum_counter=-1 if counter is None else counter,
            no_method=_no_method(no_method) if no_method is not None else None,
        )
        return command(expected=expected, **others)

    for option in reversed(OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]  # one argument in place of many


def checksums(sha256: tuple[str, ...], root_hash: tuple[str, ...], channel: str) -> tuple[ExpectedChecksum, ...]:
    """--sha256, --root-hash and --channel. Blocks, colons and capitals are as people read digests out.

    Raises:
        UsageError: one is no digest, or a channel speaks of none.
    """
    from fwverify.model.artifact import Digest
    from fwverify.model.expectation import ExpectedChecksum

    if channel and not sha256 and not root_hash:
        raise UsageError("says how a checksum reached you, but there is none", where="--channel", todo="Add --sha256.")
    out = []
    for option, algorithm, values in (("--sha256", "sha256", sha256), ("--root-hash", "dm-verity", root_hash)):
        for one in values:
            digits = re.sub(r"[\s:]", "", one).lower()
            if not re.fullmatch(r"[0-9a-f]{64}", digits):
                todo = f"It has 64 hexadecimal digits; this has {len(digits)} characters."
                raise UsageError("not a SHA-256", where=option, todo=todo)
            out.append(ExpectedChecksum(Digest(algorithm, bytes.fromhex(digits)), channel))
    return tuple(out)


def _id(value: str, option: str) -> str:
    if value and not NAME.fullmatch(value):
        todo = "Use the id of the key registry: letters, digits, dot, dash, underscore."
        raise UsageError(f"not an id: {value!r}", where=option, todo=todo)
    return value


def _version(value: str, option: str) -> str:
    settings.one_line(value, option)
    if value and not re.search(r"[0-9]", value):
        raise UsageError(f"not a version: {value!r}", where=option, todo="Write it as the unit shows it.")
    return value


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip() or not value.strip():
        todo = "Write --device compatible=acme-gw."
        raise UsageError(f"not NAME=VALUE: {text!r}", where="--device", todo=todo)
    return name.strip(), value.strip()


def _no_method(path: Path) -> NoMethod:
    """The record of a vendor's answer. Raises PolicyError."""
    from fwverify.cli.policies_io import policy_text
    from fwverify.evaluate.no_method_text import parse_no_method

    return parse_no_method(policy_text(str(path)), str(path))
