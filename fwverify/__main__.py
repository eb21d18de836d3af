"""`python -m fwverify` and the `fwverify` command."""

from __future__ import annotations

import os
import sys

from fwverify.cli import main, status


def run() -> None:
    """Entry point of the installed command.

    After Ctrl-C inside an import CPython ends the process by SIGINT whatever was returned (it remembers an interrupt
    in `exec`); leaving at once keeps the promise that no other status than those of `cli.status` is seen.
    """
    result = main()
    if result == status.USAGE:
        sys.stderr.flush()
        os._exit(result)
    sys.exit(result)


if __name__ == "__main__":
    run()
