"""Opening one artifact with one container, for the tests of the firmware containers."""

from __future__ import annotations

from dataclasses import dataclass, field

from fwverify.content import identified
from fwverify.limits import DEFAULT_LIMITS, Budget, Limits
from fwverify.model.artifact import Artifact, ByteRange, Locator, Step, subtracted
from fwverify.model.examining import Encrypted, Malformed, Unsupported
from fwverify.unpack.interface import Check, Container, Event, Fact, Member, Oddity, Part, PartUse, Unread


def artifact(data: bytes, name: str = "input", container: str = "") -> Artifact:
    return identified(Locator((Step(name, container),)), data)


@dataclass
class Seen:
    """Events by kind."""

    events: list[Event]
    size: int
    problem: Exception | None = None
    members: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.of(Member):
            self.members[one.name] = bytes(one.content) if one.content is not None else b""

    def of(self, kind: type) -> list:  # type: ignore[type-arg]
        return [one for one in self.events if isinstance(one, kind)]

    @property
    def facts(self) -> dict[str, str]:
        return {one.name: one.value for one in self.of(Fact)}

    @property
    def failed(self) -> list[str]:
        return [one.name for one in self.of(Check) if one.declared != one.computed]

    @property
    def oddities(self) -> list[str]:
        return [one.kind.value for one in self.of(Oddity)]

    @property
    def unread(self) -> list[str]:
        return [one.reason.value for one in self.of(Unread)]

    @property
    def padding(self) -> list[ByteRange]:
        return [one.range for one in self.of(Part) if one.use is PartUse.PADDING]

    @property
    def unclaimed(self) -> tuple[ByteRange, ...]:
        """Bytes that no member and no part accounts for."""
        claimed = [one for member in self.of(Member) for one in member.ranges]
        whole = (ByteRange(0, self.size),) if self.size else ()
        return subtracted(whole, [*claimed, *(one.range for one in self.of(Part))])


def opened(container: Container, data: bytes, limits: Limits = DEFAULT_LIMITS, name: str = "input") -> Seen:
    """All events; the exception that ended reading, when it is one of those that readers may raise besides limits."""
    events: list[Event] = []
    problem: Exception | None = None
    try:
        events.extend(container.unpack(artifact(data, name), Budget(limits)))
    except (Malformed, Unsupported, Encrypted) as raised:
        problem = raised
    return Seen(events, len(data), problem)
