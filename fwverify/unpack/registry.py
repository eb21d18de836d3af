"""The container plug-ins, in order of detection: strong magic first, weak shapes last."""

from __future__ import annotations

from fwverify.unpack.containers import (
    android_boot,
    android_sparse,
    ar_archive,
    avb_image,
    bzip2_stream,
    cabinet,
    coreboot_cbfs,
    cortex_m_image,
    cpio_archive,
    cramfs,
    device_tree,
    dfu_suffix,
    dfuse_image,
    dtbo_table,
    erofs,
    esp_app_image,
    esp_flash_image,
    executable_overlay,
    ext_filesystem,
    fat,
    fit_image,
    flash_dump,
    gpt,
    gzip_stream,
    intel_flash,
    intel_hex_image,
    jffs2,
    kernel_image,
    lz4_stream,
    lzma_stream,
    lzop_stream,
    mbr,
    mcuboot_image,
    packed_kernel,
    romfs,
    rpm_package,
    seven_zip,
    squashfs,
    srec_image,
    tar_archive,
    trx,
    ubi,
    ubifs,
    uboot_environment,
    uefi_capsule,
    uefi_flash,
    uefi_sections,
    uefi_volume,
    uf2_image,
    uimage,
    unsupported_filesystem,
    xz_stream,
    zip_archive,
    zlib_stream,
    zstd_stream,
)
from fwverify.unpack.interface import Container

READERS: tuple[Container, ...] = (
    avb_image.CONTAINER,  # a frame around any other: its magic is at the end
    dfu_suffix.CONTAINER,  # as the above
    fit_image.CONTAINER,
    device_tree.CONTAINER,  # the same magic as a FIT, which has /images
    uimage.CONTAINER,
    mcuboot_image.CONTAINER,
    android_boot.CONTAINER,
    android_sparse.CONTAINER,
    dtbo_table.CONTAINER,
    trx.CONTAINER,
    uf2_image.CONTAINER,
    dfuse_image.CONTAINER,
    esp_flash_image.CONTAINER,  # may begin with the boot loader, which is an application image
    uboot_environment.CONTAINER,  # no magic: variables whose CRC fits
    squashfs.CONTAINER,
    rpm_package.CONTAINER,
    seven_zip.CONTAINER,
    gpt.CONTAINER,  # its magic lies behind the boot record
    ext_filesystem.CONTAINER,  # its magic lies behind the first KiB, which is free for boot code
    cramfs.CONTAINER,
    erofs.CONTAINER,
    romfs.CONTAINER,
    ubi.CONTAINER,
    ubifs.CONTAINER,
    jffs2.CONTAINER,  # nodes in a row whose sums hold
    cabinet.CONTAINER,
    uefi_capsule.CONTAINER,
    uefi_flash.CONTAINER,  # a volume and more behind it
    uefi_volume.CONTAINER,
    intel_flash.CONTAINER,
    coreboot_cbfs.CONTAINER,
    fat.CONTAINER,  # a boot sector whose parameters agree
    xz_stream.CONTAINER,
    zstd_stream.CONTAINER,
    lz4_stream.CONTAINER,  # may begin with a frame to be skipped, as zstd: the frame behind it tells
    bzip2_stream.CONTAINER,
    lzop_stream.CONTAINER,
    ar_archive.CONTAINER,
    cpio_archive.CONTAINER,
    gzip_stream.CONTAINER,
    kernel_image.CONTAINER,
    packed_kernel.CONTAINER,  # also an ELF or PE file, of which the stub alone would be seen
    tar_archive.CONTAINER,  # a checksum in place of a magic: after those that have one
    mbr.CONTAINER,  # two bytes and plausible entries
    zip_archive.CONTAINER,  # also known by its tail: after everything that begins with a magic
    lzma_stream.CONTAINER,  # no magic: a header whose values can be, and a stream that decodes
    unsupported_filesystem.CONTAINER,  # names gaps: whatever can be read goes first
    esp_app_image.CONTAINER,  # one byte of magic and plausible values: weaker than the above
    intel_hex_image.CONTAINER,  # text: a first record that fits its own length
    srec_image.CONTAINER,  # as Intel HEX
    cortex_m_image.CONTAINER,  # no magic at all: a vector table by its shape
    uefi_sections.CONTAINER,  # no magic: sections that fill all bytes
    zlib_stream.CONTAINER,  # two bytes: decodes, or is none
    executable_overlay.CONTAINER,  # an executable and something else: behind those that know what it is
)
CARVED = tuple((one.name, one.carve) for one in READERS if one.carve is not None)
BUILTIN: tuple[Container, ...] = (*READERS, flash_dump.searching(CARVED))  # searching: only what nobody else reads
