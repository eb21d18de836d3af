"""Raw signature files: encodings, lengths and structure."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from fwverify.formats.detached_signature import candidates, ecdsa_der, kinds, plausible

VALUE = bytes((at * 37 + 5) % 256 for at in range(256))


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (VALUE, "binary"),
        (VALUE.hex().encode(), "hex"),
        (VALUE.hex().upper().encode() + b"\r\n", "hex"),
        (b"\n".join(VALUE.hex().encode()[at : at + 64] for at in range(0, 512, 64)), "hex"),
        (base64.b64encode(VALUE), "base64"),
        (base64.encodebytes(VALUE), "base64"),
        (b"-----BEGIN SIGNATURE-----\n" + base64.encodebytes(VALUE) + b"-----END SIGNATURE-----\n", "pem-ish"),
    ],
)
def test_encodings(raw: bytes, encoding: str) -> None:
    """Each text form and the binary one give exactly one reading with the same value."""
    (found,) = candidates(raw)
    assert (found.encoding, found.value) == (encoding, VALUE)
    assert plausible(raw)


@pytest.mark.parametrize("size", [64, 96, 114, 128, 132, 256, 384, 512, 1024, 2420, 3309, 4627])
def test_exact_lengths_only(size: int) -> None:
    """The exact length is plausible; a byte more or less is not."""
    value = b"\xff" * size
    assert kinds(value)
    assert not kinds(value + b"\xff")
    assert not kinds(value[1:])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0",
        b"-----BEGIN PGP SIGNATURE-----\n" + base64.b64encode(VALUE) + b"\n-----END PGP SIGNATURE-----\n",
        b"x" * 65_537,
        base64.b64encode(VALUE)[:-3],
        VALUE.hex().encode()[:-1],
    ],
)
def test_what_is_no_signature(raw: bytes) -> None:
    """Empty, foreign, too large and cut files are not plausible."""
    assert not plausible(raw)


@given(st.integers(0, 2**521), st.integers(0, 2**521))
def test_der_round_trip(r: int, s: int) -> None:
    """What the library writes is read back, and no byte may follow or lack."""
    der = encode_dss_signature(r, s)
    found = ecdsa_der(der)
    assert found is not None
    assert (found.r, found.s) == (r, s)
    assert ecdsa_der(der + b"\0") is None
    assert ecdsa_der(der[:-1]) is None


@pytest.mark.parametrize(
    "der",
    [
        "300702020001020101",  # r with a superfluous zero
        "30060201ff020101",  # negative r
        "3081060201010201 01",  # long form of a short length
        "3006020101020101 00",
        "3009020101020101020101",  # three integers
        "30800201010201010000",  # indefinite length
        "3105020101020101",
        "300402000200",
    ],
)
def test_der_that_is_not_canonical(der: str) -> None:
    """A second spelling of the same numbers is refused."""
    assert ecdsa_der(bytes.fromhex(der)) is None


@given(st.binary(max_size=300))
def test_total(raw: bytes) -> None:
    """Any bytes give an answer."""
    plausible(raw)
