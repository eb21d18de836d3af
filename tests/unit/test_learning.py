"""Packages and described folders become origins."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from fwverify.errors import IngestError
from fwverify.learning import Learner, Unlearned, here
from fwverify.limits import DEFAULT_LIMITS
from fwverify.reference.values import Origin
from tests.packages import LIBRARY, OTHER, VECTORS, apk, deb, ipk, tarred

AT = "2026-11-22T00:00:00Z"
SONAME = "usr/lib/libcrypto.so.3"
FILES = {SONAME: LIBRARY, "usr/share/doc/x/README": b"words " * 2000, "usr/share/acme/table": bytes(range(256)) * 32,
         "etc/acme.conf": b"option=1\n" * 1000, "usr/share/acme/small": b"small"}  # fmt: skip


def learned(path: Path) -> list[Origin | Unlearned]:
    return list(Learner(AT, DEFAULT_LIMITS, here(DEFAULT_LIMITS)).learn(path))


def only(path: Path) -> Origin:
    (found,) = learned(path)
    assert isinstance(found, Origin), found
    return found


@pytest.mark.parametrize(
    ("name", "content", "purl"),
    [
        ("x.deb", deb("libssl3", "3.0.15-1", FILES, "openssl"), "pkg:deb/debian/libssl3@3.0.15-1?arch=amd64"),
        ("x.ipk", ipk("libssl3", "3.0.15-1", FILES), "pkg:opkg/libssl3@3.0.15-1?arch=amd64"),
        ("x.apk", apk("libssl3", "3.0.15-r1", "openssl", FILES), "pkg:apk/alpine/libssl3@3.0.15-r1?arch=x86_64"),
    ],
    ids=("deb", "ipk", "apk"),
)  # fmt: skip
def test_packages(tmp_path: Path, name: str, content: bytes, purl: str) -> None:
    """Of each kind: whose it is, its executables with traits, its large files; no papers, settings, crumbs."""
    path = tmp_path / name
    path.write_bytes(content)
    found = only(path)
    assert (found.name, found.sha256, found.learned) == (name, hashlib.sha256(content).digest(), AT)
    (component,) = found.components
    assert (component.name, component.product, component.purl) == ("libssl3", "openssl", purl)
    assert [(one.path, one.singular, one.sha256) for one in component.files] == [
        (SONAME, True, hashlib.sha256(LIBRARY).digest()),
        ("usr/share/acme/table", False, hashlib.sha256(FILES["usr/share/acme/table"]).digest()),
    ]
    traits = component.files[0].traits
    assert traits is not None
    assert (traits.soname, traits.symbols, len(traits.loaded)) == ("libcrypto.so.3", 2, 32)


@pytest.mark.parametrize("kind", ["plain", "gzip", "xz", "signed"])
def test_rpm(kind: str) -> None:
    """Of an RPM package the header says whose it is; the files are those of its payload, packed or not."""
    path = VECTORS.parent / "containers" / "rpm_package" / "valid" / kind / "input"
    (component,) = only(path).components
    assert (component.name, component.version, component.product) == ("acme-agent", "1.4.0-2", "acme-agent")
    assert component.purl.startswith("pkg:rpm/")


def test_stated_release(tmp_path: Path) -> None:
    """An executable in which the package's release stands as text is told from one in which it does not."""
    telling = LIBRARY.replace(b"other\0", b"1.2.3\0")
    assert telling != LIBRARY
    for version, stated in (("1.2.3", True), ("1.2.4", False)):
        path = tmp_path / f"{version}.deb"
        path.write_bytes(deb("libgcc-s1", f"1:{version}-14+deb12u1", {SONAME: telling, "usr/bin/table": bytes(8000)}))
        assert [one.states for one in only(path).components[0].files] == [False, stated]


def test_known_packages_are_not_read(tmp_path: Path) -> None:
    """A package whose digest is known gives nothing."""
    path = tmp_path / "x.deb"
    path.write_bytes(deb("x", "1", FILES))
    learner = Learner(AT, DEFAULT_LIMITS, here(DEFAULT_LIMITS), known={hashlib.sha256(path.read_bytes()).digest()})
    assert list(learner.learn(path)) == []


def test_what_is_no_package(tmp_path: Path) -> None:
    """A file of another kind, a package that ends early, a package without a name: not learned, with the reason."""
    whole = deb("x", "1", FILES)
    for name, content in {
        "text": b"no package" * 100,
        "archive.tar": tarred({"usr/bin/x": LIBRARY}),
        "cut.deb": whole[:-2000],
        "empty": b"",
        "nameless.deb": deb("", "1", FILES),
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        (found,) = learned(path)
        assert isinstance(found, Unlearned), name
        assert found.name == name
        assert found.reason
    with pytest.raises(IngestError):
        learned(tmp_path / "none.deb")


def test_damaged_packages(tmp_path: Path) -> None:
    """A package whose data end early, or have another sum than it states, is not learned at all."""
    whole = deb("x", "1", FILES)
    assert whole[-8:-4] != b"oops"
    for name, content in {"sum.deb": whole[:-8] + b"oops" + whole[-4:], "data.deb": whole[:-500] + bytes(500)}.items():
        path = tmp_path / name
        path.write_bytes(content)
        (found,) = learned(path)
        assert isinstance(found, Unlearned), name
        assert "damaged" in found.reason or "could not be read whole" in found.reason, found


def test_a_compressed_module_is_one_file(tmp_path: Path) -> None:
    """Of a packed executable both forms are known, as executables."""
    import gzip

    path = tmp_path / "x.deb"
    path.write_bytes(deb("linux-image-6.1", "6.1.1-1", {"lib/modules/x.ko.gz": gzip.compress(LIBRARY, mtime=0)}))
    files = only(path).components[0].files
    assert [(one.path, one.singular, one.traits is not None) for one in files] == [
        ("lib/modules/x.ko", True, True),
        ("lib/modules/x.ko.gz", True, False),
    ]


def test_folder_of_packages(tmp_path: Path) -> None:
    """Every file of a folder is learned as a package."""
    (tmp_path / "a.deb").write_bytes(deb("a", "1", FILES))
    (tmp_path / "b.deb").write_bytes(deb("b", "1", {"usr/lib/b": OTHER}))
    assert sorted(one.name for one in learned(tmp_path)) == ["a.deb", "b.deb"]


def _described(folder: Path, components: list[dict[str, object]], subject: str = "product") -> None:
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "usr/lib/libother.so.1").write_bytes(OTHER)
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components,
                "metadata": {"component": {"type": "firmware", "name": subject, "version": "4.2"}}}  # fmt: skip
    (folder / "bom.cdx.json").write_text(json.dumps(document))


def test_described_folder(tmp_path: Path) -> None:
    """A file belongs to the component that states its digest or its path; what nobody claims is not learned."""
    digest = hashlib.sha256(LIBRARY).hexdigest()
    _described(
        tmp_path,
        [
            {"type": "library", "name": "openssl", "version": "3.0.15", "purl": "pkg:generic/openssl@3.0.15",
             "hashes": [{"alg": "SHA-256", "content": digest}]},
            {"type": "library", "name": "other", "version": "1",
             "evidence": {"occurrences": [{"location": "/usr/lib/libother.so.1"}]}},
            {"type": "library", "name": "unseen", "version": "1"},
        ],
    )  # fmt: skip
    found = only(tmp_path)
    assert [(one.name, one.version, one.purl, [file.path for file in one.files]) for one in found.components] == [
        ("openssl", "3.0.15", "pkg:generic/openssl@3.0.15", [SONAME]),
        ("other", "1", "", ["usr/lib/libother.so.1"]),
    ]


def test_folder_with_a_subject_alone(tmp_path: Path) -> None:
    """A document without components says whose the whole folder is."""
    _described(tmp_path, [])
    (component,) = only(tmp_path).components
    assert (component.name, component.version) == ("product", "4.2")
    assert SONAME in [one.path for one in component.files]


def test_two_components_claim_one_file(tmp_path: Path) -> None:
    """What two components claim belongs to neither."""
    claim = {"type": "library", "version": "1", "evidence": {"occurrences": [{"location": SONAME}]}}
    _described(tmp_path, [{**claim, "name": "a"}, {**claim, "name": "b"}])
    (found,) = learned(tmp_path)
    assert isinstance(found, Unlearned)
    assert "no file of it" in found.reason
