"""The detectors. Order does not matter: clues are sorted and merged."""

from __future__ import annotations

from fwverify.identify.detectors import (
    build_path,
    elf_comment,
    elf_exports,
    elf_needed,
    elf_notes,
    elf_soname,
    elf_symbols,
    endpoints,
    kernel_banner,
    library_file_name,
    os_release,
    package_database,
    passwords,
    public_keys,
    secrets,
    services,
    tokens,
    version_string,
)
from fwverify.identify.interface import Detector

BUILTIN: tuple[Detector, ...] = (
    build_path.DETECTOR,
    elf_comment.DETECTOR,
    elf_exports.DETECTOR,
    elf_needed.DETECTOR,
    elf_notes.DETECTOR,
    elf_soname.DETECTOR,
    elf_symbols.DETECTOR,
    kernel_banner.DETECTOR,
    library_file_name.DETECTOR,
    os_release.DETECTOR,
    package_database.DETECTOR,
    passwords.DETECTOR,
    public_keys.DETECTOR,
    secrets.DETECTOR,
    endpoints.DETECTOR,
    services.DETECTOR,
    tokens.DETECTOR,
    version_string.DETECTOR,
)
