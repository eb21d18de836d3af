"""Make the vectors anew: `python -m tests.vectors.build` writes them, `--check` says which would change.

Each maker (tests/vectors/makers) needs the official tools of its formats; the same tool versions give the same bytes
wherever the format allows it (minisign signs with fresh randomness only for new keys; mkimage takes its time stamp
from SOURCE_DATE_EPOCH, which the makers set).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.vectors.makers import (
    ar_archives,
    archive_forms,
    archives,
    attestations,
    cbfs,
    cms_files,
    cms_images,
    compiled_modules,
    compressed_streams,
    detectors,
    embedded_signatures,
    ext_images,
    fat_images,
    finds,
    firmware,
    foreign_systems,
    jffs2_images,
    keys_and_signatures,
    layouts,
    openpgp,
    own_names,
    packed_kernels,
    partition_tables,
    pe_images,
    read_only_systems,
    rpm_packages,
    sboms,
    self_descriptions,
    seven_zips,
    sigstore,
    squashfs_images,
    sshsig,
    ubi_images,
    ubifs_images,
    uefi,
    update_archives,
    verity_images,
    version_strings,
)

ROOT = Path(__file__).resolve().parent
MAKERS = (
    seven_zips,
    rpm_packages,
    finds,
    archives,
    ar_archives,
    archive_forms,
    firmware,
    read_only_systems,
    fat_images,
    foreign_systems,
    jffs2_images,
    ubi_images,
    ubifs_images,
    ext_images,
    partition_tables,
    layouts,
    packed_kernels,
    keys_and_signatures,
    openpgp,
    own_names,
    squashfs_images,
    sshsig,
    sigstore,
    attestations,
    cms_files,
    cms_images,
    compiled_modules,
    compressed_streams,
    embedded_signatures,
    uefi,
    cbfs,
    update_archives,
    verity_images,
    detectors,
    pe_images,
    self_descriptions,
    version_strings,
    sboms,
)


def changed(made: Path) -> list[str]:
    """Files below `made` that differ from the committed ones."""
    names = sorted(one.relative_to(made) for one in made.rglob("*") if one.is_file())
    return [
        str(one)
        for one in names
        if not (ROOT / one).is_file() or (ROOT / one).read_bytes() != (made / one).read_bytes()
    ]


def main() -> int:
    """Write or compare."""
    if "--check" not in sys.argv[1:]:
        for maker in MAKERS:
            maker.make(ROOT)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        for maker in MAKERS:
            maker.make(Path(scratch))
        found = changed(Path(scratch))
    sys.stdout.write("".join(f"{one}\n" for one in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
