"""The unpacking worker's half of opening: one session for each artifact that is being opened.

A session is a reader that waits for being asked on. Events go out in batches; the first few bytes of every member are
looked at here, so that the parent never searches hostile content itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from fwverify.content import STEP_BYTES, forget
from fwverify.isolate.event_frames import encoded, in_place, problem
from fwverify.isolate.frames import requested
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact
from fwverify.model.examining import Encrypted, Malformed, Unsupported
from fwverify.unpack.interface import Container, Event, Member, MemberKind
from fwverify.unpack.stage import recognise

BATCH_EVENTS = 512
BATCH_BYTES = 1 << 20
"""Of members' contents in one answer, beside the last one: few answers for many small files, little held or looked at
before the parent may say that it is enough."""


@dataclass(slots=True)
class Session:
    """One artifact that is being opened."""

    artifact: Artifact
    container: Container
    events: Iterator[Event]
    skip: int = 0
    """Events the parent has already, from a worker that was lost."""


class Sessions:
    """All that are open. Memory: the artifacts of the nesting's levels."""

    def __init__(self, containers: Sequence[Container], limits: Limits) -> None:
        self.containers, self.limits = containers, limits
        self._named = {one.name: one for one in containers}
        self._open: dict[int, Session] = {}

    def answer(self, header: bytes, content: memoryview) -> tuple[bytes, list[memoryview]] | None:
        """Serve one request; None: nothing is to be answered."""
        stated = json.loads(header)
        number = stated["session"]
        if stated["do"] == "close":
            self._open.pop(number, None)
            return None
        recognised: tuple[str, ...] | None = None
        if stated["do"] == "open":
            artifact = requested(header, content)
            recognised = self._opened(stated, artifact)
        session = self._open.get(number)
        if session is None:
            return encoded(recognised, (), ["done"]), []
        return self._batch(number, session, recognised)

    def _opened(self, stated: dict[str, int | str | None], artifact: Artifact) -> tuple[str, ...] | None:
        """Start a session. Answers what was recognised when that was asked for."""
        name, number = stated["container"], stated["session"]
        recognised: tuple[str, ...] | None = None
        container = self._named[str(name)] if name is not None else None
        if container is None:
            container, others = recognise(artifact, self.containers)
            recognised = () if container is None else (container.name, *others)
        if container is None:
            return recognised
        clock = time.monotonic
        budget = Budget(
            self.limits, clock, int(stated["total_bytes"] or 0), int(stated["members"] or 0),
            clock() + int(stated["seconds"] or 0),
        )  # fmt: skip
        events = iter(container.unpack(artifact, budget))
        self._open[int(number or 0)] = Session(artifact, container, events, int(stated["skip"] or 0))
        return recognised

    def _batch(
        self, number: int, session: Session, recognised: tuple[str, ...] | None
    ) -> tuple[bytes, list[memoryview]]:
        events: list[Event] = []
        contents: list[memoryview] = []
        end = None
        try:
            ended = self._collect(session, events, contents)
            end = problem(None) if ended else None
        except (Malformed, Unsupported, Encrypted, LimitExceeded) as raised:
            end = problem(raised)
        if end is not None:
            del self._open[number]
        if session.artifact.size > STEP_BYTES:
            forget(session.artifact.content)
        return encoded(recognised, events, end), contents

    def _collect(self, session: Session, events: list[Event], contents: list[memoryview]) -> bool:
        """Take the reader's next events; True when there are no more."""
        for _ in range(session.skip):
            next(session.events, None)
        session.skip = held = 0
        while held < BATCH_BYTES and len(events) < BATCH_EVENTS:
            event = next(session.events, None)
            if event is None:
                return True
            if isinstance(event, Member):
                event = self._looked_at(session, event)
                if event.content is not None:
                    held += len(event.content)  # also what is not sent: it was looked at
                    if not in_place(event):
                        contents.append(memoryview(event.content))
            events.append(event)
        return False

    def _looked_at(self, session: Session, member: Member) -> Member:
        """The member with the containers that would read it."""
        if member.kind is not MemberKind.FILE or member.content is None:
            return member
        locator = session.artifact.locator.into(session.container.name, member.name)
        inner = Artifact(locator, len(member.content), (), memoryview(member.content))
        container, others = recognise(inner, self.containers)
        return replace(member, recognised=() if container is None else (container.name, *others))
