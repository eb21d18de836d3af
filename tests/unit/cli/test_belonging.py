"""A file that came with a delivery judges nothing, under whatever path it is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fwverify.cli import main, settings
from fwverify.cli.belonging import belongs
from fwverify.errors import UsageError

GOOD = 'fwverify: policy/1\nid: mine\nversion: "1"\ntitle: T\nrules: {package.identified: must}\n'


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """A delivery that brings files which look like the operator's, and a place of the operator's beside it."""
    folder = tmp_path / "delivery"
    (folder / "deep").mkdir(parents=True)
    (folder / "fw.bin").write_bytes(b"firmware")
    (folder / "deep/policy.yaml").write_text(GOOD)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/policy.yaml").write_text(GOOD)
    return folder


def ways(delivery: Path) -> dict[str, Path]:
    """Paths to the delivery's policy."""
    mine = delivery.parent / "mine"
    inside = delivery / "deep/policy.yaml"
    (mine / "link.yaml").symlink_to(inside)
    (mine / "hard.yaml").hardlink_to(inside)
    (mine / "folder").symlink_to(delivery)
    handle = os.open(inside, os.O_RDONLY)
    return {
        "plain": inside,
        "dots": mine / "../delivery/deep/policy.yaml",
        "symbolic": mine / "link.yaml",
        "hard": mine / "hard.yaml",
        "through a linked folder": mine / "folder/deep/policy.yaml",
        "descriptor": Path(f"/proc/self/fd/{handle}"),
        "descriptor of the process": Path(f"/proc/{os.getpid()}/fd/{handle}"),
        "a folder with the link": mine,
    }


def test_every_way_leads_to_the_delivery(delivery: Path) -> None:
    """Links of both kinds, dots, descriptors, and a folder that holds such a link."""
    found = {name: belongs(path, [delivery]) for name, path in ways(delivery).items()}
    assert found == dict.fromkeys(found, True)


def test_what_is_mine_is_mine(delivery: Path) -> None:
    """Another file with the same bytes, one that is not there, and one with two names that are both mine."""
    mine = delivery.parent / "mine"
    (mine / "own.yaml").hardlink_to(mine / "policy.yaml")
    for one in (mine / "policy.yaml", mine / "own.yaml", mine / "none.yaml", mine, delivery.parent):
        assert not belongs(one, [delivery]), one


def test_a_single_file_is_a_delivery(delivery: Path) -> None:
    """It cannot be its own policy, by its name, a link or a second name."""
    inside = delivery / "deep/policy.yaml"
    for one in ways(delivery).values():
        assert belongs(one, [inside]), one
    assert not belongs(delivery / "fw.bin", [inside])


@pytest.mark.parametrize("option", ["--policy", "--floor", "--waivers", "--keys", "--assets", "--baseline",
                                    "--checklist", "--no-method", "--reference"])  # fmt: skip
@pytest.mark.parametrize("way", ["plain", "hard", "symbolic"])
def test_options_of_verify(
    delivery: Path, option: str, way: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is refused, from the delivery and from the image to go back to."""
    monkeypatch.chdir(delivery.parent)
    path = ways(delivery)[way]
    other = delivery.parent / "mine/policy.yaml"
    for arguments in ([str(delivery)], [str(other), "--rollback", str(delivery)]):
        assert main(["verify", *arguments, "--no-evidence", option, str(path), "--in-process"]) == 2
        assert "lies inside the delivery" in capsys.readouterr().err


def test_parents_of_floors_and_policies(delivery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the operator's policy or floor extends must not lie there either."""
    mine = delivery.parent / "mine/child.yaml"
    mine.write_text(GOOD.replace("rules:", "extends: ../delivery/deep/policy.yaml\nrules:"))
    for options in (
        ["--policy", str(mine)],
        ["--floor", str(mine), "--policy", str(delivery.parent / "mine/policy.yaml")],
    ):
        assert main(["verify", str(delivery), "--no-evidence", *options]) == 2
        assert "lies inside the delivery" in capsys.readouterr().err


def test_policies_of_a_batch(delivery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No delivery brings the policy of another, and none brings the list itself."""
    root = delivery.parent
    (root / "other.bin").write_bytes(b"other")
    (root / "units.csv").write_text("delivery,policy\ndelivery,\nother.bin,delivery/deep/policy.yaml\n")
    (delivery / "units.csv").write_text("delivery\n.\n")
    assert main(["batch", str(delivery / "units.csv")]) == 2
    assert "lies inside the delivery" in capsys.readouterr().err
    assert main(["batch", str(root / "units.csv"), "--in-process", "--json"]) == 2
    assert "lies inside the delivery" in capsys.readouterr().out


def test_what_is_refused_says_where_to_put_it(delivery: Path) -> None:
    """With the option and the path."""
    with pytest.raises(UsageError, match="--waivers"):
        settings.refuse_inside([delivery], None, None, waivers=delivery / "deep")
