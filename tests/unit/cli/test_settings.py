"""Where policy, keys, time and expectations come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fwverify.cli import expecting, settings
from fwverify.errors import UsageError
from fwverify.trust.store import EMPTY


def test_keys_of_the_working_directory_are_not_used(here: Path) -> None:
    """An unpacked delivery can bring a folder `keys`; only options and the user's own folder count."""
    (here / "keys").mkdir()
    (here / "policy.yaml").write_text("nonsense")
    assert settings.trust_of(None) is EMPTY


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z"),
        ("2026-11-22", "2026-11-22T00:00:00Z"),
        ("2026-11-22T01:00:00+01:00", "2026-11-22T00:00:00Z"),
        ("2026-11-22T00:00:00.5Z", "2026-11-22T00:00:00Z"),
    ],
)
def test_time_is_utc_and_whole(given: str, meant: str) -> None:
    """However it was written."""
    assert settings.moment(given) == meant


@pytest.mark.parametrize("given", ["yesterday", "2026-13-01", "0001-01-01T00:00:00+23:00"])
def test_no_time_is_a_mistake(given: str) -> None:
    """Named with an example."""
    with pytest.raises(UsageError, match="not a time"):
        settings.moment(given)


def test_now_is_whole_seconds() -> None:
    """RFC 3339 in UTC."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", settings.moment(None))


def test_digest_as_read_out_by_phone() -> None:
    """Blocks, colons and capitals."""
    spoken = " ".join(["F72B"] * 16)
    (one,) = expecting.checksums((spoken,), (), "phone, J. Ortiz, 2026-10-03")
    assert one.digest.hex == "f72b" * 16
    assert one.channel == "phone, J. Ortiz, 2026-10-03"


@pytest.mark.parametrize(("values", "channel"), [(("12",), ""), (("z" * 64,), ""), ((), "phone")])
def test_bad_digest_or_lone_channel(values: tuple[str, ...], channel: str) -> None:
    """Each says which option is wrong."""
    with pytest.raises(UsageError, match=r"--sha256|--channel"):
        expecting.checksums(values, (), channel)


@pytest.mark.parametrize("value", ["../acme", "acme\x1b", "-x", "a b"])
def test_vendor_is_an_id(value: str) -> None:
    """Ids of the registry only."""
    with pytest.raises(UsageError, match="not an id"):
        expecting._id(value, "--vendor")
