"""What differs between two evidences: each topic, in both directions, and what was not compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.model.artifact import Locator, Step
from fwverify.model.difference import (
    ComponentStep,
    Difference,
    Doubt,
    Effect,
    FileStep,
    SecurityChange,
    Topic,
    UnseenKind,
)
from fwverify.model.differing import difference
from fwverify.model.evidence import (
    Anomaly,
    AnomalyKind,
    ContentKind,
    GapReason,
    Opened,
    SbomObservation,
    SignatureStatus,
)
from fwverify.model.expectation import VersionClaim
from tests.unit.model.evidences import KEY, OTHER, Image


def differ(old: Image, new: Image) -> Difference:
    return difference(old.evidence(), new.evidence())


def only(found: Difference, topic: Topic) -> SecurityChange:
    """The one change of a topic."""
    (one,) = (one for one in found.security if one.topic is topic)
    return one


def both_ways(old: Image, new: Image, topic: Topic) -> SecurityChange:
    """Worse one way and better the other way; nothing else is said in security terms."""
    there, back = differ(old, new), differ(new, old)
    assert [one.topic for one in there.security] == [topic]
    one, other = only(there, topic), only(back, topic)
    assert (one.effect, other.effect) == (Effect.WORSE, Effect.BETTER)
    assert (one.old, one.new) == (other.new, other.old)
    return one


def test_evidence_that_lost_a_record_is_compared() -> None:
    """Stored evidence may name places that nothing is recorded of: that is no reason to stop."""
    image = Image()
    for one in range(8):
        image.file(f"etc/{one}", f"text {one}")
    whole = image.evidence()
    for at in range(len(whole.artifacts)):
        torn = replace(whole, artifacts=(*whole.artifacts[:at], *whole.artifacts[at + 1 :]))
        difference(torn, whole)
        difference(whole, torn)
        difference(torn, torn)


# --- contents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        (ContentKind.PRIVATE_KEY, Topic.PRIVATE_KEY),
        (ContentKind.PASSWORD, Topic.PASSWORD),
        (ContentKind.TOKEN, Topic.TOKEN),
        (ContentKind.AUTHORIZED_KEY, Topic.AUTHORIZED_KEY),
        (ContentKind.DEBUG_SHELL, Topic.DEBUG_SHELL),
        (ContentKind.SERVICE, Topic.SERVICE),
        (ContentKind.UPDATER, Topic.UPDATER),
    ],
)
def test_new_content(kind: ContentKind, topic: Topic) -> None:
    """What a detector tells of on the new side alone is worse, with the place; on the old one alone, better."""
    old, new = Image().file("etc/x", "a"), Image().file("etc/x", "b").seen(kind, "etc/x")
    one = both_ways(old, new, topic)
    assert one.new is not None
    assert (one.new.value, one.new.locators, one.doubt) == (KEY, (new.at("etc/x"),), Doubt.NONE)


def test_keys_are_keys_wherever_they_lie() -> None:
    """A private key that moved to another file is not new; one replaced by another is one gone and one come."""
    old = Image().file("a", "1").file("b", "2").seen(ContentKind.PRIVATE_KEY, "a")
    moved = Image().file("a", "3").file("b", "4").seen(ContentKind.PRIVATE_KEY, "b")
    assert differ(old, moved).security == ()
    replaced = Image().file("a", "3").file("b", "2").seen(ContentKind.PRIVATE_KEY, "a", OTHER)
    assert {one.effect for one in differ(old, replaced).security} == {Effect.WORSE, Effect.BETTER}


def test_shells_belong_to_their_file() -> None:
    """The same kind of shell in another start-up file is another one; another line of the same file is not."""
    old = Image().file("etc/inittab", "1").seen(ContentKind.DEBUG_SHELL, "etc/inittab", "shell", "line 3")
    same = Image().file("etc/inittab", "2").seen(ContentKind.DEBUG_SHELL, "etc/inittab", "shell", "line 9")
    assert differ(old, same).security == ()
    more = Image().file("etc/inittab", "1").file("etc/rc", "x")
    more.seen(ContentKind.DEBUG_SHELL, "etc/inittab", "shell").seen(ContentKind.DEBUG_SHELL, "etc/rc", "shell")
    assert only(differ(old, more), Topic.DEBUG_SHELL).effect is Effect.WORSE


@pytest.mark.parametrize(("detail", "effect"), [("not encrypted", Effect.WORSE), ("encrypted", Effect.CHANGED)])
def test_endpoints(detail: str, effect: Effect) -> None:
    """A new address is to be looked at; one without encryption is worse."""
    old, new = Image().file("etc/x", "a"), Image().file("etc/x", "b")
    new.seen(ContentKind.ENDPOINT, "etc/x", "mqtt://broker.vendor.com", detail)
    assert only(differ(old, new), Topic.ENDPOINT).effect is effect


def test_trust_anchors() -> None:
    """A public key come or gone is to be looked at; one that may log in is told once, as that."""
    old, new = Image().file("ca.pem", "a"), Image().file("ca.pem", "b").seen(ContentKind.PUBLIC_KEY, "ca.pem")
    assert [only(differ(*pair), Topic.TRUST_ANCHOR).effect for pair in ((old, new), (new, old))] == [Effect.CHANGED] * 2
    new.seen(ContentKind.AUTHORIZED_KEY, "ca.pem", OTHER)
    assert [one.topic for one in differ(old, new).security] == [Topic.AUTHORIZED_KEY]


def test_same_bytes_are_no_change() -> None:
    """What was seen on one side only, in bytes that are the same on both, says that the runs differ, not the images."""
    old, new = Image().file("x"), Image().file("x").seen(ContentKind.TOKEN, "x")
    found = differ(old, new)
    assert found.security == ()
    assert [one.kind for one in found.unseen] == [UnseenKind.SAME_BYTES]


def test_moved_start_up_file_counts() -> None:
    """The same bytes at a place where they are run are a change although no byte differs."""
    old = Image().file("usr/share/inittab", "shell")
    new = Image().file("etc/inittab", "shell").seen(ContentKind.DEBUG_SHELL, "etc/inittab")
    found = differ(old, new)
    assert only(found, Topic.DEBUG_SHELL).effect is Effect.WORSE
    assert [one.step for one in found.files] == [FileStep.MOVED]


# --- programs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("pie", "yes", "no"), ("nx", "yes", "no"), ("canary", "yes", "no"), ("fortify", "yes", "no"),
        ("relro", "full", "partial"), ("relro", "partial", "no"), ("rwx", "no", "yes"),
    ],
)  # fmt: skip
def test_lost_mitigation(name: str, good: str, bad: str) -> None:
    """A program of the same place that does less against being attacked."""
    old = Image().program("bin/x", "a", **{name: good})
    one = both_ways(old, Image().program("bin/x", "b", **{name: bad}), Topic.MITIGATION)
    assert one.name == name
    assert (one.old and one.old.value, one.new and one.new.value) == (good, bad)


def test_mitigation_that_cannot_be_told() -> None:
    """A program that can be asked on one side only is neither worse nor the same: it could not be compared."""
    facts = (("hardening.nx", "yes"),)
    found = differ(Image().program("bin/x", "a"), Image().file("bin/x", "b", format="elf", facts=facts))
    assert found.security == ()
    assert {one.name for one in found.open if one.kind is UnseenKind.MITIGATION} == {
        "pie", "relro", "canary", "fortify", "rwx",
    }  # fmt: skip


def test_run_path() -> None:
    """Another place to load libraries from is to be looked at."""
    found = differ(Image().program("bin/x", "a"), Image().program("bin/x", "b", run_path="/tmp"))
    assert only(found, Topic.MITIGATION).effect is Effect.CHANGED


def test_listeners() -> None:
    """A program that accepts connections now: a new one, one that did not before, a script replaced by one."""
    new = Image().program("bin/x", "b", network="yes", relro="no")
    for old in (Image(), Image().program("bin/x", "a", relro="no"), Image().file("bin/x", "a")):
        one = both_ways(old, new, Topic.LISTENER)
        assert one.new is not None
        assert (one.name, one.new.detail) == ("x", "relro")
    assert (
        differ(Image().program("bin/x", "a", network="yes"), Image().program("bin/x", "b", network="yes")).security
        == ()
    )


def test_libraries_that_can_listen() -> None:
    """A new library that could accept connections is none that does; one that could not before is told."""

    def library(content: str, network: str) -> Image:
        facts = (("hardening.network", network), ("hardening.nx", "yes"))
        return Image().file("lib/x.so", content, format="elf", facts=facts)

    assert differ(Image(), library("a", "yes")).security == ()
    both_ways(library("a", "no"), library("b", "yes"), Topic.LISTENER)


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ("", "4755", Effect.WORSE), ("4755", "6755", Effect.WORSE), ("4755", "4777", Effect.WORSE),
        ("6755", "4755", Effect.BETTER), ("4755", "2755", Effect.CHANGED), ("4755", "4711", Effect.CHANGED),
    ],
)  # fmt: skip
def test_setuid(before: str, after: str, effect: Effect) -> None:
    """Files that run with others' rights, by which rights they won; the bytes need not differ for that."""
    one = only(differ(Image().program("bin/su", mode=before), Image().program("bin/su", mode=after)), Topic.SETUID)
    assert (one.effect, one.doubt) == (effect, Doubt.NONE)


def test_setuid_in_another_container() -> None:
    """Where the old container is of another format, it need not have recorded the mode."""
    old = Image(container="zip").program("bin/su")
    assert only(differ(old, Image().program("bin/su", mode="4755")), Topic.SETUID).doubt is Doubt.OTHER_FORMAT


@pytest.mark.parametrize(
    ("option", "before", "after", "effect"),
    [
        ("CONFIG_STACKPROTECTOR", "y", "n", Effect.WORSE), ("CONFIG_DEVMEM", "n", "y", Effect.WORSE),
        ("CONFIG_DEVMEM", "y", "n", Effect.BETTER), ("CONFIG_MODULE_SIG", "y", "m", Effect.CHANGED),
    ],
)  # fmt: skip
def test_kernel_settings(option: str, before: str, after: str, effect: Effect) -> None:
    """A setting that defends and is off, or that opens something and is on."""
    old, new = (
        Image().file("boot/config", value).seen(ContentKind.KERNEL_CONFIG, "boot/config", option, value)
        for value in (before, after)
    )
    assert only(differ(old, new), Topic.KERNEL_CONFIG).effect is effect


def test_kernel_settings_of_one_side() -> None:
    """A configuration on one side only cannot be compared."""
    new = Image().file("boot/config").seen(ContentKind.KERNEL_CONFIG, "boot/config", "CONFIG_DEVMEM", "y")
    found = differ(Image(), new)
    assert (found.security, [one.name for one in found.open]) == ((), ["kernel-config"])


@pytest.mark.parametrize("path", ["etc/passwd", "etc/shadow", "etc/sudoers.d/acme"])
def test_accounts(path: str) -> None:
    """Files that say who may log in: that they differ is told, whatever differs in them."""
    old = Image().file(path, "root:x")
    for new in (Image().file(path, "root:y"), Image()):
        assert only(differ(old, new), Topic.ACCOUNTS).effect is Effect.CHANGED


def test_structure() -> None:
    """A new anomaly is worse; a limit that was reached is no structure."""
    new = Image().file("a", "2")
    new.anomalies += [Anomaly(AnomalyKind.TRAVERSAL, new.tree, "../x"), Anomaly(AnomalyKind.LIMIT, new.tree, "reached")]
    assert both_ways(Image().file("a", "1"), new, Topic.STRUCTURE).name == "path-traversal"


# --- who vouches -----------------------------------------------------------------------------------------------------


def test_lost_signature() -> None:
    """A signature that the old delivery had, and the share of bytes it covers."""
    found = differ(Image(signed=True).signature(), Image())
    assert {(one.topic, one.effect) for one in found.security} == {
        (Topic.SIGNATURE, Effect.WORSE), (Topic.SIGNED_SHARE, Effect.WORSE),
    }  # fmt: skip


def test_broken_signature() -> None:
    """A signature that does not hold any more is lost, with what is there instead; a broken one alone is told."""
    broken = Image().signature(status=SignatureStatus.INVALID, detail="does not fit", keys=())
    one = both_ways(Image().signature(), broken, Topic.SIGNATURE)
    assert one.new is not None
    assert (one.new.value, one.doubt) == ("invalid", Doubt.NONE)
    assert both_ways(Image(), broken, Topic.SIGNATURE).old is None


def test_unchecked_signature_is_doubtful() -> None:
    """A signature that could not be checked on the other side need not be lost."""
    new = Image().signature(status=SignatureStatus.UNVERIFIABLE, keys=(), fingerprint="")
    assert only(differ(Image().signature(), new), Topic.SIGNATURE).doubt is Doubt.UNEXAMINED


@pytest.mark.parametrize(
    "more",
    [{"fingerprint": OTHER}, {"fingerprint": OTHER, "status": SignatureStatus.UNKNOWN_KEY, "keys": ()}],
)
def test_other_signer(more: dict[str, object]) -> None:
    """Signed by another key, pinned or not."""
    one = only(differ(Image().signature(), Image().signature(**more)), Topic.SIGNER)
    assert (one.effect, one.old and one.old.value, one.new and one.new.value) == (Effect.CHANGED, KEY, OTHER)


def test_same_identity_is_the_same_signer() -> None:
    """Sigstore keys live for minutes: the identity and who vouches for it is the signer."""
    old = Image().signature(identity="ci@acme", issuer="https://id")
    assert differ(old, Image().signature(identity="ci@acme", issuer="https://id", fingerprint=OTHER)).security == ()
    other = Image().signature(identity="ci@acme", issuer="https://evil", fingerprint=KEY)
    assert only(differ(old, other), Topic.SIGNER).effect is Effect.CHANGED


@pytest.mark.parametrize(("name", "value"), [("hash", "sha1"), ("bits", "1024")])
def test_weaker_signature(name: str, value: str) -> None:
    """A weaker hash, a shorter key."""
    parameters = tuple(sorted({"hash": "sha256", "bits": "3072", name: value}.items()))
    assert both_ways(Image().signature(), Image().signature(parameters=parameters), Topic.SIGNATURE).name == name


def test_renamed_image_has_the_same_signature() -> None:
    """Releases have their version in the names of image and signature; that is no other signature."""
    old, new = Image(name="fw-1.0.bin").signature(), Image(name="fw-1.1.bin").signature()
    assert differ(old, new).nothing


def test_stated_versions() -> None:
    """An older release than before is worse; two that cannot be ordered are to be looked at."""

    def stating(value: str) -> Image:
        image = Image()
        image.claims.append(VersionClaim(value, "", "os-release", image.at("etc/os-release")))
        return image

    both_ways(stating("3.1.0"), stating("3.0.9"), Topic.RELEASE)
    assert only(differ(stating("blue"), stating("green")), Topic.RELEASE).effect is Effect.CHANGED
    assert differ(stating("1.0"), stating("1.0.0")).nothing


def test_counters() -> None:
    """A counter against rollback that went down, in a header or under a signature."""
    old, new = (Image().file("app", value, facts=(("security-counter", value),)) for value in ("7", "6"))
    both_ways(old, new, Topic.RELEASE)
    old, new = (Image().signature(states=(("security-counter", value),)) for value in ("12", "7"))
    both_ways(old, new, Topic.RELEASE)


def test_parts_list() -> None:
    """An SBOM that came with the old delivery only."""
    old = Image()
    old.sboms.append(SbomObservation(old.at("x.json"), "CycloneDX", "1.6", True, (), (), "", "", "", (), 3))
    both_ways(old, Image(), Topic.SBOM)


# --- components ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ({"version": "1.2.13"}, {"version": "1.2.9"}, ComponentStep.DOWNGRADED),
        ({"version": "1.2.9"}, {"version": "1.2.13"}, ComponentStep.UPGRADED),
        ({"version": "blue"}, {"version": "green"}, ComponentStep.CHANGED),
        ({"version": "1.2"}, {}, ComponentStep.CHANGED),
        ({"since": "1.2.12"}, {"version": "1.2.9"}, ComponentStep.DOWNGRADED),
        ({"version": "1.3"}, {"before": "1.3"}, ComponentStep.DOWNGRADED),
        ({"since": "1.2", "before": "1.3"}, {"since": "1.3"}, ComponentStep.UPGRADED),
        ({"since": "1.2"}, {"since": "1.3"}, ComponentStep.CHANGED),
        ({"version": "1.2"}, {"since": "1.1"}, ComponentStep.CHANGED),
    ],
)
def test_component_order(before: dict[str, str], after: dict[str, str], step: ComponentStep) -> None:
    """Which of two releases is the later one, as far as versions or their bounds tell."""
    old, new = (
        Image().file("usr/lib/z", "a").component("z", **before),
        Image().file("usr/lib/z", "b").component("z", **after),
    )
    (one,) = differ(old, new).components
    assert one.step is step


def test_same_release_written_otherwise() -> None:
    """1.0 and 1.0.0 are one release."""
    old, new = Image().file("usr/lib/z", "a"), Image().file("usr/lib/z", "b")
    assert differ(old.component("z", "1.0"), new.component("z", "1.0.0")).components == ()


def test_components_of_two_trees() -> None:
    """Of one product in two files, each is compared with itself: a swap is a downgrade and an upgrade."""
    old = Image().file("a", "1").file("b", "2").component("busybox", "1.36", "a").component("busybox", "1.30", "b")
    new = Image().file("a", "3").file("b", "4").component("busybox", "1.30", "a").component("busybox", "1.36", "b")
    assert {one.step for one in differ(old, new).components} == {ComponentStep.DOWNGRADED, ComponentStep.UPGRADED}
    assert differ(old, old).components == ()


def test_older_release_beside() -> None:
    """An older release that came beside the one that stays is worse."""
    old = Image().file("a", "1").component("zlib", "1.2.13", "a")
    new = Image().file("a", "1").file("b", "2").component("zlib", "1.2.13", "a").component("zlib", "1.2.8", "b")
    found = differ(old, new)
    (one,) = found.components
    assert (one.step, one.older, one.effect) == (ComponentStep.ADDED, True, Effect.WORSE)
    assert found.of_effect(Effect.WORSE) == (one,)


def test_language_packages_are_apart() -> None:
    """openssl of Rust does not take the place of OpenSSL."""
    old, new = Image().file("a", "1"), Image().file("a", "2")
    old.component("openssl", "3.0", "a")
    new.component("openssl", "0.10", "a", purl="pkg:cargo/openssl@0.10")
    assert {one.step for one in differ(old, new).components} == {ComponentStep.ADDED, ComponentStep.REMOVED}


# --- files -----------------------------------------------------------------------------------------------------------


def test_files() -> None:
    """Added, removed, changed, moved, each once."""
    old = Image().file("same").file("changed", "1").file("gone", "2").file("here", "long enough")
    new = Image().file("same").file("changed", "3").file("come", "4").file("there", "long enough")
    steps = {one.step: (one.new or one.old) for one in differ(old, new).files}
    assert {step: side.locator.name for step, side in steps.items() if side} == {
        FileStep.CHANGED: "changed", FileStep.REMOVED: "gone", FileStep.ADDED: "come", FileStep.MOVED: "there",
    }  # fmt: skip


def test_names_of_outer_files_do_not_matter() -> None:
    """Image and inner file system carry their version in their names: their files are the same."""
    old = Image("fw-1.0.bin", "root-1.0.sqfs").file("a").file("b", "1")
    new = Image("fw-2.0.bin", "root-2.0.sqfs").file("a").file("b", "2")
    assert [one.step for one in differ(old, new).files] == [FileStep.CHANGED]


def test_shifted_parts() -> None:
    """Parts known by their offset are found again by what they are; the rest by its bytes."""

    def flash(at: int, rest: str) -> Image:
        image = Image(root=f"@0x{at:x}").file("a").file("b", "1")
        record = replace(image.file(rest).records.pop(), locator=image.image.into("", f"@0x{at + 9:x}-0x{at + 99:x}"))
        image.records.append(record)
        return image

    assert [one.step for one in differ(flash(0x900, "rest"), flash(0x1000, "rest")).files] == [FileStep.REPACKED]


def test_repacked() -> None:
    """The same files in another container, with paths written another way, is one line."""
    old = Image().file("a").file("b").file("c")
    new = Image(container="tar").file("./a").file("./b").file("./c")
    assert [one.step for one in differ(old, new).files] == [FileStep.REPACKED]


def test_unwrapped() -> None:
    """A file system by itself and the same one inside an image."""
    inside, bare = Image(), Image(name="root.sqfs", root="x")
    for name in ("a", "b", "c"):
        inside.file(name, name)
        bare.file(name, name)
    evidence = bare.evidence()
    outer = evidence.artifacts[0]
    records = [replace(outer, format="squashfs")]
    records += [
        replace(one, locator=Locator((outer.locator.steps[0], Step(one.locator.name, "squashfs"))))
        for one in bare.records
    ]
    found = difference(inside.evidence(), replace(evidence, artifacts=tuple(records)))
    assert not [one for one in found.files if one.step in (FileStep.ADDED, FileStep.REMOVED, FileStep.MOVED)]


def test_headers() -> None:
    """What headers state, of artifacts whose bytes differ; what is a topic of its own is not told twice."""
    old = Image().file("k", "1", facts=(("entry", "0"), ("mode", "4755"), ("hardening.nx", "yes")))
    new = Image().file("k", "2", facts=(("entry", "8000"), ("mode", "2755"), ("hardening.nx", "no"), ("os", "linux")))
    assert [(one.name, one.old and one.old.value, one.new and one.new.value) for one in differ(old, new).facts] == [
        ("entry", "0", "8000"), ("os", None, "linux"),
    ]  # fmt: skip


# --- what could not be compared --------------------------------------------------------------------------------------


def test_absence_must_be_earned() -> None:
    """Where the old side was not examined, what the new one has need not be new; where it was, it is."""
    new = Image().file("etc/key", "k").seen(ContentKind.PRIVATE_KEY, "etc/key")
    for old, doubt in (
        (Image(), Doubt.NONE),
        (Image().gap(), Doubt.UNEXAMINED),
        (Image().file("x", "?").gap("x"), Doubt.NONE),
        (Image().file("etc/key", "?", opened=Opened.GAP).gap("etc/key"), Doubt.UNEXAMINED),
        (Image().file("@0x10-0x90", "?", opened=Opened.SCANNED), Doubt.UNEXAMINED),
        (Image(plugins=()), Doubt.NOT_LOOKED_FOR),
    ):
        assert only(differ(old, new), Topic.PRIVATE_KEY).doubt is doubt


def test_absent_container() -> None:
    """A whole part that only one side has: nothing is sure while the other has bytes nobody examined."""
    new = Image().file("a")
    other = new.image.into("box", "second")
    new.records += [
        replace(new.records[0], locator=other, format="ext"),
        replace(new.records[0], locator=other.into("ext", "key")),
    ]
    new.contents = [replace(Image().seen(ContentKind.PRIVATE_KEY, "key").contents[0], locator=other.into("ext", "key"))]
    assert only(differ(Image().file("a"), new), Topic.PRIVATE_KEY).doubt is Doubt.NONE
    hidden = Image().file("a")
    hidden.records.append(
        replace(hidden.records[0], locator=hidden.image.into("", "@0x90-0x99"), opened=Opened.SCANNED, digests=())
    )
    assert only(differ(hidden, new), Topic.PRIVATE_KEY).doubt is Doubt.UNEXAMINED


def test_gaps() -> None:
    """Gaps of either side are told, with size; over the same bytes on both sides they are told as that."""
    (one,) = differ(Image().file("x", "1"), Image().file("x", "22").gap("x")).open
    assert (one.kind, one.old, one.new and one.new.size) == (UnseenKind.GAP, None, 2)
    same = differ(Image().file("x").gap("x"), Image().file("x").gap("x"))
    assert (same.open, [one.same for one in same.unseen]) == ((), [True])
    assert same.nothing


def test_unknown_formats() -> None:
    """A file of unknown format that differs: that it differs is all that is known."""
    old, new = (Image().file("app.bin", value, format="", opened=Opened.SCANNED) for value in "12")
    found = differ(old, new)
    assert [one.opaque for one in found.files] == [True]
    assert [one.kind for one in found.open] == [UnseenKind.CONTENT]


def test_runs_that_differ() -> None:
    """Other plug-ins, another key registry: said, so that nobody takes it for a difference of the images."""
    old, new = Image(plugins=()).signature(), Image(keys="others").signature()
    assert {one.kind for one in differ(old, new).open} == {UnseenKind.PLUGINS, UnseenKind.KEYS}


def test_gap_reason_is_kept() -> None:
    """An encrypted part stays named as that."""
    (one,) = differ(Image(), Image().gap(reason=GapReason.ENCRYPTED)).unseen
    assert one.new is not None
    assert one.new.value == "encrypted"


def test_detectors_exist() -> None:
    """The detectors that topics are said to come from are those of the registry, and every kind has its topic."""
    from fwverify.identify.registry import BUILTIN
    from fwverify.model.beside import DETECTORS
    from fwverify.model.differing_security import KERNEL, TOPICS

    assert {*DETECTORS.values()} <= {one.name for one in BUILTIN}
    assert TOPICS.keys() == DETECTORS.keys() - {KERNEL}
    silent = {ContentKind.EXECUTABLE, ContentKind.MACHINE_CODE, ContentKind.TEXT_HINT}
    assert set(ContentKind) == {*DETECTORS, KERNEL, *silent}


def test_the_most_alike_container_is_it() -> None:
    """Of two file systems that came, the one that shares more names with the one that went is its successor."""
    old, new = Image(root="system"), Image(root="rescue")
    for name in "abcdef":
        old.file(name, name)
    for name in "abc":
        new.file(name, "other")
    second = new.image.into("box", "main")
    new.records.append(replace(new.records[0], locator=second, format="squashfs"))
    for name in "abcde":
        new.records.append(replace(new.records[0], locator=second.into("squashfs", name)))
    changed = [one.new.locator for one in differ(old, new).files if one.step is FileStep.CHANGED and one.new]
    assert {one.steps[1].member for one in changed} == {"main"}
