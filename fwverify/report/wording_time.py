"""Why a run whose time was over says less than it could: a row of `wording_open.OPEN`; wording as there."""

from __future__ import annotations

from fwverify.report import reading as r
from fwverify.report.figures import count, plural
from fwverify.report.interface import Context
from fwverify.report.reading import Reading
from fwverify.report.situation import Situation, Step, again, keep

TIME = " max_seconds "
_EXPLAINS = frozenset({
    "package.limits", "package.examined", "package.opaque", "package.identified", "package.trailing-data",
    "package.duplicate-members", "component.examined", "component.undeclared", "component.forbidden",
    "component.version-mismatch", "component.hash-mismatch", "component.absent", "secret.private-key",
    "secret.default-password", "secret.authorized-keys", "secret.token", "secret.debug-shell",
    "secret.cleartext-service", "signature.known-test-key", "checksum.inner",
})  # fmt: skip


def _seconds(reading: Reading) -> int:
    return dict(reading.evidence.settings.limits).get("max_seconds", 0)


def _time(reading: Reading) -> str:
    return plural(_seconds(reading), "second")


def _applies(reading: Reading) -> bool:
    return bool(reading.missing) and any(TIME in f" {one.detail} " for one in reading.evidence.gaps)


def _why(reading: Reading) -> str:
    sums = r.opened(reading)
    left = f"{count(sums.total - sums.counted)} of {count(sums.total)} bytes"
    return (
        f"The run's time was over ({_time(reading)}) before all of it was examined: {left} were not. "
        "That says nothing about the file."
    )


def _steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    more = str(max(_seconds(reading) * 4, 60))
    return (
        Step(
            f"{keep(reading)} Give it more time, and verify again:",
            command=again(reading, context, f"--timeout {more}"),
        ),
        Step("Still not enough: use a faster machine, or one that does nothing else."),
    )


def _beside(reading: Reading) -> str:
    return f"the run's time was over ({_time(reading)}) before all of it was examined"


OUT_OF_TIME = Situation("time was over", _EXPLAINS, "the run's time was over", _applies, _why, _steps, besides=_beside)
