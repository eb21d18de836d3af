"""The one table of exit statuses (rules.md). Nothing in fwverify ends the process with another number."""

from __future__ import annotations

PASS = 0
FAIL = 1
USAGE = 2
"""Usage or configuration: an option, a policy, a key file, a delivery that is not there; and a run that was stopped."""
INCONCLUSIVE = 3
BUG = 70
"""EX_SOFTWARE of sysexits.h: says nothing about the delivery."""

OF_DECISION = {"pass": PASS, "fail": FAIL, "inconclusive": INCONCLUSIVE}
"""Decision -> exit status of `verify` and `reassess`."""

ALL = frozenset({PASS, FAIL, USAGE, INCONCLUSIVE, BUG})

MEANING = {
    PASS: "pass: every required rule passed",
    FAIL: "fail: a required rule failed",
    USAGE: "usage or configuration: nothing was judged",
    INCONCLUSIVE: "inconclusive: something required could not be judged",
    BUG: "an error inside fwverify: nothing was judged",
}
