"""The last resort: whatever its worker does or leaves behind costs the artifact it was asked about, and nothing else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwverify.content import identified
from fwverify.identify.stage import InProcess
from fwverify.isolate import output_tree, unblob_report
from fwverify.isolate.unblob import CONTAINER, Unblob
from fwverify.limits import MIB, Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.canonical import NotEvidence
from fwverify.model.evidence import AnomalyKind, GapReason, Opened
from fwverify.model.examining import Crashed
from fwverify.unpack.interface import Event, Member, MemberKind, Oddity, Unread
from fwverify.unpack.stage import Here
from fwverify.worklist import Bench, Walk, descendants
from tests.unit.isolate import hostile_unblob_orders

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = (sys.executable, "-s", "-P", str(Path(__file__).with_name("hostile_unblob.py")), str(ROOT))
LIMITS = Limits(
    last_resort_seconds=4, unpack_memory_bytes=512 * MIB, max_members=1000, ratio_floor_bytes=8 * MIB, max_ratio=1000,
    max_member_bytes=16 * MIB, max_total_bytes=64 * MIB,
)  # fmt: skip
