"""Tables of HTML pages: cells, cards, filters."""

from __future__ import annotations

from fwverify.report.web.environment import environment
from fwverify.report.web.tables import LONG, Column, Row, Table, left_out, number, text


def drawn(table: Table) -> str:
    return environment().from_string('{% from "parts.html.j2" import table %}{{ table(it) }}').render({"it": table})


def test_a_table_names_its_rows_and_columns() -> None:
    """Row headers, labels for narrow screens, states for the filter; a hostile cell stays text and is cut."""
    rows = (
        Row((text("<b>" + "x" * 10_000), number(1_234), text("odd", "bad", notes=("why", ""))), "differs"),
        Row((text("other"), number(1), text("fits")), "fits"),
    )
    table = Table("t", "Things", (Column("name", "name"), Column("bytes", "n"), Column("state")), rows, filtered=True,
                  more=left_out(5, 2, "parts"))  # fmt: skip
    said = drawn(table)
    assert '<th scope="row" role="rowheader" class="name " data-label="name"><span>&lt;b&gt;xx' in said
    assert '<td role="cell" class="n " data-label="bytes"><span>1,234</span></td>' in said
    assert "<small>why</small>" in said and said.count("<small>") == 1
    assert '<option value="differs">differs (1)</option>' in said and "data-script hidden" in said
    assert "and 3 more parts: all of them are in the JSON" in said
    assert len(table.rows[0].cells[0].text) == LONG


def test_no_filter_without_rows() -> None:
    """Nothing to look for in an empty table."""
    assert "<form" not in drawn(Table("t", "Things", (Column("name", "name"),), (), filtered=True))
