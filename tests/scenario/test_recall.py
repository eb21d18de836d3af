"""With a cache, without one, with a damaged one: the same evidence, byte for byte."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from fwverify import pipeline, recall
from fwverify.cache.store import Store
from fwverify.cli import main
from fwverify.freeze import READING_LIBRARIES
from fwverify.identify.interface import Observed
from fwverify.identify.stage import InProcess
from fwverify.limits import DEFAULT_LIMITS, Budget, Limits
from fwverify.model.artifact import Artifact, Locator
from fwverify.model.canonical import canonical
from fwverify.recall import Memory, _files, release
from fwverify.trust.registry import load
from fwverify.trust.store import EMPTY
from fwverify.unpack.interface import Container, Event
from fwverify.unpack.registry import BUILTIN as CONTAINERS
from fwverify.unpack.stage import Here
from fwverify.worklist import Bench
from tests.contract.vectors import vectors

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted(one for one in (ROOT / "samples").iterdir() if one.is_dir() and one.name not in ("src", "parts"))
VECTORS = list({(one.plugin, one.kind): one for one in vectors("containers")}.values())
"""One of each container and kind."""
AT = "2026-11-22T00:00:00Z"
KMOD = ROOT / "tests/vectors/schemes/kmod/valid/sha256"
RELEASE = release(DEFAULT_LIMITS, READING_LIBRARIES)


class Counting(InProcess):
    """Counts what it is asked to look at."""

    asked = 0

    def submit(self, artifact: Artifact) -> None:
        type(self).asked += 1
        InProcess.submit(self, artifact)


@pytest.fixture(autouse=True)
def from_zero() -> None:
    Counting.asked = 0


def evidence(path: Path, store: Store | None, keys: Path | None = ROOT / "keys", **bounds: int) -> bytes:
    limits = Limits(**bounds)
    memory = Memory(store, RELEASE if not bounds else release(limits, READING_LIBRARIES)) if store else None
    trust = {"trust": load(keys)} if keys else {}
    bench = Bench(Counting(limits), Here())
    return canonical(pipeline.facts([path], at=AT, bench=bench, memory=memory, limits=limits, **trust))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(tmp_path / "cache" / "a.sqlite")
    yield one
    one.close()
    assert one.trouble == ""


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.name)
def test_samples(sample: Path, store: Store) -> None:
    """Cold and warm, with keys and without: signatures are judged by the keys of the run, not of the run before."""
    assert evidence(sample, store) == evidence(sample, None)
    without = evidence(sample, None, keys=None)
    Counting.asked = 0
    assert evidence(sample, store, keys=None) == without
    assert Counting.asked == 0
    assert evidence(sample, store) == evidence(sample, None)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_vectors(vector, store: Store) -> None:  # type: ignore[no-untyped-def]
    """Every shape a container can give is remembered as it is."""
    path = vector.folder / "input"
    assert evidence(path, store) == evidence(path, None) == evidence(path, store)


def test_known_under_another_name_of_the_delivery(tmp_path: Path, store: Store) -> None:
    """Two hundred units with one image cost one analysis."""
    evidence(ROOT / "samples/acme-ups-3.1.0", store)
    copy = shutil.copytree(ROOT / "samples/acme-ups-3.1.0", tmp_path / "unit-17")
    Counting.asked = 0
    warm = evidence(copy, store)
    assert Counting.asked == 0
    assert warm == evidence(copy, None)


def test_changed_image(tmp_path: Path, store: Store) -> None:
    """A changed image is opened, and only what changed in it is looked at; what was wrong is told."""
    flipped = ROOT / "samples/acme-ups-3.1.0-flipped"
    evidence(ROOT / "samples/acme-ups-3.1.0", store)
    Counting.asked = 0
    warm = evidence(flipped, store)
    looked = Counting.asked
    Counting.asked = 0
    assert warm == evidence(flipped, None)
    assert 0 < looked < Counting.asked


class Opens(Here):
    """Counts what it opens."""

    opened = 0

    def events(self, container: Container, artifact: Artifact, budget: Budget) -> Iterator[Event]:
        type(self).opened += 1
        return Here.events(self, container, artifact, budget)


def packed_module(folder: Path) -> Path:
    """A compressed archive with a signed kernel module, which nowhere lies in it byte for byte."""
    image = folder / "image.tar.gz"
    with tarfile.open(image, "w:gz") as archive:
        archive.add(KMOD / "delivery" / "pump.ko", "lib/modules/6.1.0/pump.ko")
    return image


def opened(image: Path, store: Store, keys: Path | None) -> tuple[int, bytes]:
    """How much is opened in one run, and its evidence."""
    Opens.opened = 0
    trust = load(keys) if keys else EMPTY
    bench, memory = Bench(Counting(DEFAULT_LIMITS), Opens()), Memory(store, RELEASE)
    found = canonical(pipeline.facts([image], at=AT, bench=bench, memory=memory, trust=trust))
    return Opens.opened, found


def test_signed_file_in_a_compressed_archive(tmp_path: Path, store: Store) -> None:
    """The image is not opened again; the signature is checked again, against the keys of the run."""
    image, keys = packed_module(tmp_path), KMOD / "keys"
    count, cold = opened(image, store, keys)
    assert count == 2
    assert b"kmod" in cold
    assert opened(image, store, keys) == (0, cold)
    assert opened(image, store, None) == (0, evidence(image, None, keys=None))
    assert evidence(image, None, keys=None) != cold


@pytest.mark.parametrize("damage", [b"", b"something else"])
def test_bytes_of_a_signed_file_that_are_gone(tmp_path: Path, store: Store, damage: bytes) -> None:
    """Without them, or with others in their place, the image is opened again."""
    image, keys = packed_module(tmp_path), KMOD / "keys"
    _, cold = opened(image, store, keys)
    module = (KMOD / "delivery" / "pump.ko").read_bytes()
    store.close()
    base = sqlite3.connect(store.file)
    stored = [key for (key,) in base.execute("SELECT key FROM entries") if store.get(key) == module]
    base.close()
    assert len(stored) == 1
    store.put(stored[0], damage)
    assert opened(image, store, keys) == (2, cold)
    assert opened(image, store, keys) == (0, cold), "they are remembered again"


def test_too_much_that_is_signed(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit an image is opened again each time."""
    monkeypatch.setattr(recall, "MAX_SIGNED_BYTES", 100)
    image, keys = packed_module(tmp_path), KMOD / "keys"
    first = opened(image, store, keys)
    assert first[0] == 2
    assert opened(image, store, keys) == first


def test_other_limits(store: Store) -> None:
    """What was found under other limits is not known."""
    path = ROOT / "samples/acme-ups-3.1.0"
    evidence(path, store)
    assert evidence(path, store, max_depth=2) == evidence(path, None, max_depth=2)


class Weakening(Counting):
    """Has less isolation, as it turns out with its first answer, than it thought."""

    def results(self) -> Iterator[tuple[Locator, Observed]]:
        for one in Counting.results(self):
            self.mode = "worker"
            yield one


def looked_at(examiner: type[Counting], store: Store) -> int:
    """How many artifacts it was asked about, in a run that begins with full isolation."""
    before = examiner.asked
    bench = Bench(examiner(DEFAULT_LIMITS, mode="full"), Here(mode="full"))
    pipeline.facts([SAMPLES[0]], at=AT, bench=bench, memory=Memory(store, RELEASE))
    return examiner.asked - before


def test_weaker_than_promised(store: Store) -> None:
    """What was found under less isolation than the run began with is not kept as if it had held."""
    first = looked_at(Weakening, store)
    assert first > 0
    assert looked_at(Weakening, store) == first
    assert looked_at(Counting, store) == first
    assert looked_at(Counting, store) == 0


class AnyTool:
    """A last resort that knows nothing."""

    container, mode, tools = CONTAINERS[0], "worker", ()

    def events(self, container: object, artifact: object, budget: object) -> Iterator[Event]:
        yield from ()


def test_last_resort(store: Store) -> None:
    """With one, no image is remembered whole: the programs it starts are not in any digest."""
    seen = []
    for last in (AnyTool(), AnyTool(), None, None):
        hits = store.hits
        bench = Bench(Counting(DEFAULT_LIMITS), Here(), last)
        pipeline.facts([SAMPLES[0]], at=AT, bench=bench, memory=Memory(store, RELEASE))
        seen.append(store.hits - hits)
    assert seen[1] > 1, "each artifact is known"
    assert seen[3] == 1, "the image is known"


def test_release_is_every_file() -> None:
    """Data files of any kind change what is remembered, and nothing that Python leaves behind does."""
    names = {path.rsplit(".", 1)[-1] for path, _ in _files(resources.files("fwverify"), "")}
    assert {"py", "yaml", "txt", "json"} <= names
    assert "pyc" not in names


def test_what_a_limit_cut_short(store: Store) -> None:
    """What one run did not finish is found out again by the next, which may."""
    path = ROOT / "samples/acme-ups-3.1.0"
    evidence(path, store, max_members=3)
    Counting.asked = 0
    evidence(path, store, max_members=3)
    hits = store.hits
    assert store.misses > 0
    assert hits == store.hits


def test_damaged_cache(tmp_path: Path) -> None:
    """Answers that are garbage, of another shape or of another artifact's are found out anew."""
    path, file = ROOT / "samples/acme-ups-3.1.0", tmp_path / "a.sqlite"
    plain = evidence(path, None)
    one = Store(file)
    evidence(path, one)
    one.close()
    for damage in (b"", b"null", b"[]", b"{}", b'{"tree":{}}', b"\xff", b'{"opened":"x"}'):
        one = Store(file)
        base = sqlite3.connect(file)
        keys = [row[0] for row in base.execute("SELECT key FROM entries")]
        base.close()
        for key in keys:
            one.put(key, damage)
        one.close()
        one = Store(file)
        assert evidence(path, one) == plain
        one.close()


def verdict(tmp_path: Path, *options: str) -> tuple[int, bytes]:
    out = tmp_path / "e.json"
    status = main(
        [
            "verify", str(ROOT / "samples/acme-ups-3.1.0"), "--policy", str(ROOT / "samples/demo.yaml"), "--keys",
            str(ROOT / "keys"), "--at", AT, "--evidence", str(out), "-q", "--in-process", *options,
        ]
    )  # fmt: skip
    return status, out.read_bytes()


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """verify remembers, --no-cache does not look, `cache show` and `cache clear` say what there is."""
    monkeypatch.setenv("FWVERIFY_CACHE", str(tmp_path / "cache"))
    cold, warm, without = verdict(tmp_path), verdict(tmp_path), verdict(tmp_path, "--no-cache")
    assert cold == warm == without
    assert main(["cache", "show"]) == 0
    assert " answers, " in capsys.readouterr().out
    assert main(["cache", "clear"]) == 0
    assert list((tmp_path / "cache").iterdir()) == []
    capsys.readouterr()
    assert main(["cache", "show"]) == 0
    assert "nothing yet" in capsys.readouterr().out


def test_others_may_write_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that others may write to is not believed: the verdict comes without it, and it is said."""
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(0o777)
    monkeypatch.setenv("FWVERIFY_CACHE", str(folder))
    status, _ = verdict(tmp_path)
    assert status == 0
    assert "the cache is not used" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("named", ["relative/cache", "./x"])
def test_cache_in_the_working_directory(
    named: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A relative path could be a folder of the delivery: refused."""
    monkeypatch.setenv("FWVERIFY_CACHE", named)
    assert main(["cache", "show"]) == 2
    assert "absolute path" in capsys.readouterr().err


def test_everything_a_detector_says_is_about_its_artifact() -> None:
    """Or it could not be told of the same bytes at another place."""
    for vector in vectors("detectors"):
        name = getattr(vector, "name", "") or "input"
        for place in (Locator(()), Locator(()).into("", "fw.bin")):
            locator = place.into("squashfs", name)
            looker = InProcess(DEFAULT_LIMITS)
            from fwverify.content import identified

            looker.submit(identified(locator, (vector.folder / "input").read_bytes()))
            ((_, seen),) = looker.results()
            for one in (*seen.clues, *seen.contents, *seen.claims, *seen.gaps):
                assert one.locator == locator
