"""`python -m fwverify` and the `fwverify` command."""

from __future__ import annotations

import sys

from fwverify.cli import main


def run() -> None:
    """Entry point of the installed command."""
    sys.exit(main())


if __name__ == "__main__":
    run()
