"""The container plug-ins, in order of detection: strong magic first, weak shapes last."""

from __future__ import annotations

from fwverify.unpack.containers import (
    avb_image,
    cabinet,
    cortex_m_image,
    cpio_archive,
    device_tree,
    esp_app_image,
    fit_image,
    flash_dump,
    gzip_stream,
    intel_flash,
    intel_hex_image,
    mcuboot_image,
    packed_kernel,
    squashfs,
    srec_image,
    tar_archive,
    uefi_capsule,
    uefi_flash,
    uefi_sections,
    uefi_volume,
    uimage,
    xz_stream,
    zip_archive,
    zstd_stream,
)
from fwverify.unpack.interface import Container

BUILTIN: tuple[Container, ...] = (
    avb_image.CONTAINER,  # a frame around any other: its magic is at the end
    fit_image.CONTAINER,
    device_tree.CONTAINER,  # the same magic as a FIT, which has /images
    uimage.CONTAINER,
    mcuboot_image.CONTAINER,
    squashfs.CONTAINER,
    cabinet.CONTAINER,
    uefi_capsule.CONTAINER,
    uefi_flash.CONTAINER,  # a volume and more behind it
    uefi_volume.CONTAINER,
    intel_flash.CONTAINER,
    xz_stream.CONTAINER,
    zstd_stream.CONTAINER,
    cpio_archive.CONTAINER,
    gzip_stream.CONTAINER,
    packed_kernel.CONTAINER,  # also an ELF or PE file, of which the stub alone would be seen
    tar_archive.CONTAINER,  # a checksum in place of a magic: after those that have one
    zip_archive.CONTAINER,  # also known by its tail: after everything that begins with a magic
    esp_app_image.CONTAINER,  # one byte of magic and plausible values: weaker than the above
    intel_hex_image.CONTAINER,  # text: a first record that fits its own length
    srec_image.CONTAINER,  # as Intel HEX
    cortex_m_image.CONTAINER,  # no magic at all: a vector table by its shape
    uefi_sections.CONTAINER,  # no magic: sections that fill all bytes
    flash_dump.CONTAINER,  # found by searching: only what nobody else reads
)
