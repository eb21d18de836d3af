"""Make the generated documents anew: `make docs`. The tests compare them with what the code says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
POLICY_SCHEMA = "../policies/policy.schema.json"


def documents() -> dict[str, str]:
    """Every generated document by file name."""
    from fwverify.cli import formats, manual, rules
    from fwverify.evaluate.policy_schema import policy_schema
    from fwverify.report import schema

    return {
        "cli.md": manual.markdown(),
        "formats.md": formats.formats_markdown(),
        "rules.md": rules.rules_markdown(),
        "evidence-schema.json": schema.text(schema.evidence_schema()),
        "report-schema.json": schema.text(schema.report_schema()),
        "difference-schema.json": schema.text(schema.difference_schema()),
        POLICY_SCHEMA: json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n",
    }


def main() -> int:
    """Write what changed and name it."""
    for name, text in documents().items():
        path = DOCS / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
