"""Whatever stands in a configuration file: it is read, or it is one mistake with a place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.errors import PolicyError, WaiverError
from fwverify.evaluate.no_method_text import parse_no_method
from fwverify.evaluate.policy_text import parse_policy
from fwverify.evaluate.waiver_text import parse_waiver
from tests.unit.evaluate.test_manifest_and_origin_rules import RECORD
from tests.unit.evaluate.test_waiver_text import GOOD

POLICY = 'fwverify: policy/1\nid: p\nversion: "1"\ntitle: T\nunwaivable: [sbom.present]\nrules:\n  sbom.present: must\n'


def no_parent(name: str) -> object:
    raise PolicyError(f"none here: {name}")


READERS: list[tuple[str, Callable[[str], object]]] = [
    (GOOD, lambda text: parse_waiver(text, "f.yaml")),
    (RECORD, lambda text: parse_no_method(text, "f.yaml")),
    (POLICY, lambda text: parse_policy(text, "f.yaml", no_parent)),  # type: ignore[arg-type]
]
PIECES = st.text(alphabet=st.sampled_from(list(" \n:[]{}'\"#-&*!|>%@,ab1\t\x85\u2028\ufeff\x00")), max_size=6)


@pytest.mark.parametrize(("text", "read"), READERS, ids=["waiver", "record", "policy"])
@given(st.data())
def test_mistakes_have_a_place(text: str, read: Callable[[str], object], data: st.DataObject) -> None:
    """A good file with something put in, taken out or cut off."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    changed = text[:start] + data.draw(PIECES) + text[end:]
    try:
        read(changed)
    except (PolicyError, WaiverError) as mistake:
        assert mistake.where.startswith("f.yaml:")
