"""Packages of rpmbuild come out with what went in, in every compression. Needs rpm."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from fwverify.unpack.interface import Check
from tests.interop import tools, trees
from tests.unit.unpack.opened import artifact
from tests.unit.unpack.test_ar_archive import within

pytestmark = pytest.mark.interop
SPEC = """Name: acme-agent
Version: 1.4.0
Release: 2
Epoch: 1
Vendor: ACME Power
Summary: An agent of an invented vendor
License: Apache-2.0
BuildArch: noarch
%description
Several lines
of text with an umlaut: Größe.
%prep
%build
%install
mkdir -p %{buildroot}/opt
cp -a SOURCE %{buildroot}/opt/tree
%pre
echo before
%files
/opt/tree
%changelog
* Mon Nov 23 2026 Somebody <nobody@acme.example> - 1.4.0-2
- built
"""


def built(folder: Path, source: Path, payload: str) -> bytes:
    """The package that rpmbuild makes of a folder."""
    tools.need("rpmbuild")
    (folder / "demo.spec").write_text(SPEC.replace("SOURCE", str(source)))
    command = [
        "rpmbuild", "--define", f"_topdir {folder}/top", "--define", f"_binary_payload {payload}", "--define",
        "_build_id_links none", "--define", "__spec_install_post %{nil}", "-bb", "demo.spec",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    (package,) = (folder / "top/RPMS").rglob("*.rpm")
    return package.read_bytes()


@pytest.mark.parametrize("payload", ["w9.gzdio", "w6.xzdio", "w19.zstdio", "w9.bzdio", "w6.lzdio", "w.ufdio"])
def test_rpmbuild(tmp_path: Path, payload: str) -> None:
    """Every file with its digest; the package's own digests hold; only fill is left over."""
    source = tmp_path / "source"
    (source / "deep/er").mkdir(parents=True)
    for one in range(40):
        (source / f"deep/file-{one}").write_bytes(hashlib.sha256(b"%d" % one).digest() * one)
    (source / "deep/er/größe ✓").write_bytes(b"a name outside ASCII")
    (source / "empty").touch()
    data = built(tmp_path, source, payload)
    held, events = trees.held(data, "rpm_package")
    assert len(held.files) == 1
    checks = [one for one in events if isinstance(one, Check)]
    assert len(checks) >= 4
    assert all(one.declared == one.computed for one in checks)
    assert trees.complaints(events) == []
    assert all(not any(data[one.start : one.end]) for one in trees.unclaimed(data, events))
    found = {
        place.rpartition("!./opt/tree/")[2]: content for place, content in within(artifact(data)) if "!./opt/" in place
    }
    names = {str(one.relative_to(source)): one.read_bytes() for one in source.rglob("*") if one.is_file()}
    assert {hashlib.sha256(one).hexdigest() for one in found.values()} == {
        hashlib.sha256(one).hexdigest() for one in names.values()
    }
