"""Package records written by their own tools: RPM, Berkeley DB, uSWID, and what Python itself says is installed."""

from __future__ import annotations

import importlib.metadata
import shutil
import struct
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from fwverify.content import identified
from fwverify.formats import rpm_database, rpm_header
from fwverify.identify.stage import observe
from fwverify.model.artifact import Locator, Step
from tests.vectors.makers import self_descriptions as made

pytestmark = pytest.mark.interop
SPEC = """Name: {name}
Version: 2.5.0
Release: 4.el9
Epoch: {epoch}
Summary: x
License: MIT
Vendor: Fedora Project
%description
x
%files
"""


def looked(name: str, data: bytes) -> set[tuple[str, str]]:
    seen = observe(identified(Locator((Step("image.bin"), Step(name, "squashfs"))), data))
    assert not [one for one in seen.gaps if one.by != "isolate"]
    return {(one.unit, one.version) for one in seen.clues if one.unit}


def test_rpm(tmp_path: Path) -> None:
    """The database of rpm itself: every package, with its epoch."""
    if shutil.which("rpmbuild") is None or shutil.which("rpm") is None:
        pytest.skip("rpm is not installed")
    for name, epoch in (("acme-pump", 0), ("openssl-libs", 1)):
        (tmp_path / f"{name}.spec").write_text(SPEC.format(name=name, epoch=epoch))
        build = ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {tmp_path}/top", str(tmp_path / f"{name}.spec")]
        subprocess.run(build, check=True, capture_output=True)
    packages = [str(one) for one in (tmp_path / "top").rglob("*.rpm")]
    install = ["rpm", "--dbpath", str(tmp_path / "db"), "--justdb", "--nodeps", "-i", *packages]
    subprocess.run(install, check=True, capture_output=True)
    data = (tmp_path / "db" / "rpmdb.sqlite").read_bytes()
    expected = {("acme-pump", "2.5.0-4.el9"), ("openssl-libs", "1:2.5.0-4.el9")}
    assert looked("usr/lib/sysimage/rpm/rpmdb.sqlite", data) == expected


@pytest.mark.parametrize("order", ["1234", "4321"])
def test_berkeley_db(tmp_path: Path, order: str) -> None:
    """A hash database as db_load writes it, in both byte orders, with items of many pages and many buckets."""
    tool = shutil.which("db5.3_load") or shutil.which("db_load")
    if tool is None:
        pytest.skip("db5.3-util is not installed")
    headers = [made.rpm_header(f"package-{one}", "1.0", str(one)) + bytes(one * 37 % 9000) for one in range(300)]
    rows = [f" {struct.pack('<I', number).hex()}\n {one.hex()}" for number, one in enumerate(headers, 1)]
    lines = ["VERSION=3", "format=bytevalue", "type=hash", "db_pagesize=4096", f"db_lorder={order}", "HEADER=END"]
    (tmp_path / "dump").write_text("\n".join([*lines, " 00000000\n 2c010000", *rows, "DATA=END"]) + "\n")
    subprocess.run([tool, "-f", str(tmp_path / "dump"), str(tmp_path / "Packages")], check=True)
    found = list(rpm_database.headers(memoryview((tmp_path / "Packages").read_bytes())))
    assert sorted(found) == sorted(headers)
    assert {rpm_header.parse(one).name for one in found} == {f"package-{one}" for one in range(300)}


@pytest.mark.parametrize("packing", ["none", "zlib", "lzma"])
def test_uswid(packing: str) -> None:
    """Containers as the uSWID project writes them."""
    module = pytest.importorskip("uswid", reason="uswid is not installed")
    component = module.uSwidComponent(tag_id="acme", software_name="PumpBoot", software_version="1.2.3")
    entity = module.uSwidEntity(name="Acme", regid="acme.example", roles=[module.uSwidEntityRole.TAG_CREATOR])
    component.add_entity(entity)
    container = module.uSwidContainer([component])
    written = module.format_uswid.uSwidFormatUswid()
    written.compression = getattr(module.uSwidPayloadCompression, packing.upper())
    data = written.save(container)
    assert looked("firmware.bin", b"\x80" + bytes(64) + data) == {("PumpBoot", "1.2.3")}


def test_python_agrees_with_python() -> None:
    """What is installed beside this interpreter, as importlib.metadata tells it and as the files show it."""
    folder = Path(sysconfig.get_paths()["purelib"])
    expected = {(one.name, one.version) for one in importlib.metadata.distributions(path=[str(folder)])}
    found: set[tuple[str, str]] = set()
    for path in [*folder.glob("*.dist-info/METADATA"), *folder.glob("*.egg-info/PKG-INFO"), *folder.glob("*.egg-info")]:
        if path.is_file():
            found |= looked(f"usr/lib/python3/site-packages/{path.relative_to(folder)}", path.read_bytes())
    assert found == expected
    assert len(found) > 5, sys.prefix
