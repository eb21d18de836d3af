"""Write fwverify/identify/version_finds.json from identify/versions/*.yaml: `python -m tests.make_versions`."""

from __future__ import annotations

from pathlib import Path

from fwverify.identify import version_table

TARGET = Path(version_table.__file__).parent / version_table.COMPILED


def main() -> None:
    """Read and check every file, then write."""
    TARGET.write_text(version_table.compiled(version_table.sources()), "ascii")


if __name__ == "__main__":
    main()
