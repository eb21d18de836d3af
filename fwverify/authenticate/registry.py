"""The signature and checksum schemes. Order matters only for the first match on one file: strong shapes first."""

from __future__ import annotations

from typing import Any

from fwverify.authenticate.interface import SignatureScheme
from fwverify.authenticate.schemes import (
    authenticode,
    avb,
    cms_detached,
    dm_verity,
    dsse,
    esp_secure_boot,
    fit_signature,
    jcat,
    jcat_cabinet,
    kernel_module,
    mcuboot_tlv,
    mender,
    minisign,
    openbmc,
    openpgp,
    openwrt,
    rauc,
    raw_signature,
    sha256sums,
    signify,
    sigstore_bundle,
    sshsig,
    swupdate,
    uefi_capsule,
    unsupported,
)

BUILTIN: tuple[SignatureScheme[Any], ...] = (  # Any: each scheme has a signature type of its own
    sigstore_bundle.SCHEME,  # before dsse: a bundle holds an envelope
    dsse.SCHEME,
    dm_verity.SCHEME,  # before checksum-list and cms: a digest alone in its file, and its PKCS#7
    minisign.SCHEME,
    signify.SCHEME,  # after minisign, whose files begin alike
    cms_detached.SCHEME,
    openpgp.SCHEME,  # before checksum-list: a clear-signed list is no bare one
    sshsig.SCHEME,
    sha256sums.SCHEME,
    jcat.SCHEME,
    unsupported.SCHEME,
    fit_signature.SCHEME,
    mcuboot_tlv.SCHEME,
    esp_secure_boot.SCHEME,
    swupdate.SCHEME,
    mender.SCHEME,
    openbmc.SCHEME,
    openwrt.SCHEME,
    authenticode.SCHEME,
    uefi_capsule.SCHEME,
    kernel_module.SCHEME,
    rauc.SCHEME,
    avb.SCHEME,
    jcat_cabinet.SCHEME,
    raw_signature.SCHEME,  # last: it has no magic, a length is all it is known by
)
