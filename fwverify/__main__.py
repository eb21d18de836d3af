"""`python -m fwverify` and the `fwverify` command."""

from __future__ import annotations

import os
import signal
import sys

from fwverify.cli import main, status


def run() -> None:
    """Entry point of the installed command.

    After Ctrl-C inside an import CPython ends the process by SIGINT whatever was returned (it remembers an interrupt
    in `exec`); leaving at once keeps the promise that no other status than those of `cli.status` is seen.
    """
    _stop_as_asked()
    result = main()
    if result == status.USAGE:
        sys.stderr.flush()
        os._exit(result)
    sys.exit(result)


def _stop_as_asked() -> None:
    """A terminal that closes and a service manager that ends the run stop it as Ctrl-C does: workers end, and nothing
    unpacked stays on disk. Who started it with the signal ignored (nohup) keeps that."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


if __name__ == "__main__":
    run()
