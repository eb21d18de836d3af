"""Keys whose secret half, or whose use as a test key, is published: whoever signs with one proves nothing.

SHA-256 of the SubjectPublicKeyInfo and path of the published file, by repository and commit, checked on the date
below. Pure data; no key material is kept here.

It does not hold every published key: one that is missing is not thereby a good one.
"""

# ruff: noqa: E501 - a row is one line

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

CHECKED_ON = "2026-11-22"
"""When the fingerprints were computed from the published files."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One published key."""

    fingerprint: str
    """SHA-256 of the SubjectPublicKeyInfo, hexadecimal."""
    what: str
    """Plain words."""
    secret: bool
    """The file holds the secret half itself; otherwise it is the certificate or public half of a test key."""
    repository: str
    commit: str
    """The one the file was read at."""
    path: str

    @property
    def label(self) -> str:
        part = "published with its secret half" if self.secret else "published"
        return f"{self.what} ({part}: {self.repository} {self.path})"


def _published(what: str, repository: str, commit: str, *, private: str = "", public: str = "") -> tuple[KnownKey, ...]:
    """Rows of `fingerprint path`, in two blocks."""
    rows = [(True, one.split()) for one in private.splitlines() if one]
    rows += [(False, one.split()) for one in public.splitlines() if one]
    return tuple(KnownKey(value, what, kind, repository, commit, path) for kind, (value, path) in rows)


KEYS: tuple[KnownKey, ...] = (
    *_published(
        "Trusted Firmware-A development key",
        "ARM-software/arm-trusted-firmware",
        "6a164dda7208d3f2c0a5c4a1681db5ec37532bf5",
        private="""
a1ec91d8903068e1d0d44209d60f7d950440d2274b2fc1daa3702817924275c5 plat/arm/board/common/protpk/arm_protprivk_ecdsa.pem
71d92fd7a802f39848a95fa5765f4d71067b79ce095d67204f449ec1a0c40b36 plat/arm/board/common/protpk/arm_protprivk_ecdsa_secp384r1.pem
9c1bf3361f117b572a8560069f74ed7665d7b7a7e8a31d0980be509ec64b7b39 plat/arm/board/common/protpk/arm_protprivk_rsa.pem
2e40bf6ef912bb983171090e1e153d0bfdd1cc694a98eb8ba0b020864e6c0717 plat/arm/board/common/rotpk/arm_rotprivk_ecdsa.pem
dcbcebee418114ed0951f0693527feaede4cad51081cd45ee54979d0072ff53b plat/arm/board/common/rotpk/arm_rotprivk_ecdsa_secp384r1.pem
b0f382091297d83a377a72471bec3273e99232e24959f65e8b4a4a46d8229ada plat/arm/board/common/rotpk/arm_rotprivk_rsa.pem
9a0f8acde4fd481c87d30b3041d64c00334d63e29d1786af8abbd6423d6da5f6 plat/arm/board/common/rotpk/arm_rotprivk_rsa_3k.pem
e22596c73e8ac825eadaa7ba38231808c06da97075d1ba96a7c2c007ad86b928 plat/arm/board/common/rotpk/arm_rotprivk_rsa_4k.pem
8c1214bc7d5511680ee910057198689db55bdecb5623a2b310fa9061be37e427 plat/arm/board/common/swd_rotpk/arm_swd_rotprivk_ecdsa.pem
fe3ba5e86d13a338fb9bdcc55fd60e0ad938c005562a57510c8004951797e538 plat/arm/board/common/swd_rotpk/arm_swd_rotprivk_ecdsa_secp384r1.pem
1130bee2c30b92e69c10c8cb1b159328eca8308a7749d381d51ee9e3a167066b plat/arm/board/common/swd_rotpk/arm_swd_rotprivk_rsa.pem
a84ffcf46562d00768d779b620a7f53d44f71f058efb2d15c76d0bb32f237cb4 tools/marvell/doimage/secure/csk_priv_pem0.key
a45ae707298b3f0e2d057ea1a4b44bf1a2829c81cabaadbdf6a17fa1f8207db9 tools/marvell/doimage/secure/csk_priv_pem1.key
ab13eb57671c6e9e934d428e0897f163143164e7de8d1f1cae4d604bb8f2872a tools/marvell/doimage/secure/csk_priv_pem2.key
df734773f1270f0dc4dcba9df471892a8bb3d02de87ae7f124fd6f9cb73344ee tools/marvell/doimage/secure/csk_priv_pem3.key
80eeee2563bd1d0618bfb0184ca4380329dde018058698fce097bebb364b85a2 tools/marvell/doimage/secure/kak_priv_pem.key
""",
    ),
    *_published(
        "Android test key",
        "aosp-mirror/platform_build",
        "045a3d6a3e359633a14853a5a5e1e4f2a11cbdae",
        public="""
de5b1ddc59331bbdeee26d6467dd4f9fc09719098ba7dcb6a973045781a0e36c target/product/security/bluetooth.x509.pem
091377d6fd00e4e217b750571d45cbe1a32c7fa74075138fc529fdf162b5416f target/product/security/media.x509.pem
7bfcc5541e9f18e3738b1d5fa0b8524d44bac99424cfdcc6594d9386d4daaf15 target/product/security/networkstack.x509.pem
9318ca97d2c148ca94639603b68d0928068158113d23a1cfca30acc4df2cac37 target/product/security/nfc.x509.pem
3d3df7dc9bf26e02d4cd76256d41d45e41a4dedebe7feb95c40e3697681be8a7 target/product/security/platform.x509.pem
d2e67bf7c0aaa67f3a4f7dc35dd2d45aa111a91e06a2cc517eaf9c249de31454 target/product/security/sdk_sandbox.x509.pem
2b59625f19b7d0d143a69fb7a02d42b151480ddfe60b0572070ac24afca212a0 target/product/security/shared.x509.pem
ef57b690165cb561b5026922c00d2d6574e8b184fa7d161e076f06e06e6d35db target/product/security/testkey.x509.pem
""",
    ),
    *_published(
        "fwupd test certificate",
        "fwupd/fwupd",
        "6e9504964aeb56d51ae2693823510494f8c28b6d",
        public="""
54cdee9775073b80ea7f2a6f70546c4a79be1a33f63183b94ebc33d6ca589a74 src/tests/pki/test.pem
""",
    ),
    *_published(
        "Android Verified Boot test key",
        "jbeich/platform_external_avb",
        "761178607206f4cb2af79ed9eec52d8cbd814adb",
        private="""
5c465203f66d5e55a381455ff1ed69403623aa5fde02d6805eabecc9a3fecd75 test/data/testkey_cert_pik.pem
991259d9f9f6a9a29ba41babde3a50c50078dcafbaf57040b91989a866db8289 test/data/testkey_cert_prk.pem
bfdebdfa61ed3fd68d6ed274e162fc170af3cb3700e41d0fd71c54db1a34a7a5 test/data/testkey_cert_psk.pem
000d7b990448ba4ab1f682e4166cf342ef192e1d037686010052abf3bb093c1d test/data/testkey_cert_puk.pem
27f501a05553b8086eaea2ddabeb46c96b3ca30cd6ceb0d4f30e5bc0c543d507 test/data/testkey_rsa2048.pem
9841073d16a7abbe21059e026da71976373d8f74fdb91cc46aa0a7d622b925b9 test/data/testkey_rsa4096.pem
8d11ff993173d66a268020ce91ea4801a90b358ddd639dfe771204330c33da01 test/data/testkey_rsa8192.pem
""",
    ),
    *_published(
        "MCUboot sample signing key",
        "mcu-tools/mcuboot",
        "2d4bacc3c15ebb6f91c28807fe6eb38b4ba98f77",
        private="""
bb868a727f0ef75e890a6a52bccd1d936fb34438afd6f237e8af259865742446 boot/cypress/keys/cypress-test-ec-p256.pem
e30466f6b8470c1f29070b17f1e2d3e94d445e3f608087fdc711e4382bb538b6 root-ec-p256-pkcs8.pem
6bcd1e16d80e5fe13a5307e6f1de8344c7e50e537d9962ce35ef6db5e642fae8 root-ec-p384-pkcs8.pem
b1d87d60173352b9a4808979790fc699fb4c4f83b49cf1970edd96ff4adc36a6 root-ed25519-unknown.pem
c1907fa4eac7fae3840a78902b6f0710b037e9968e5c6274a12a28790c7d4e3c root-ed25519.pem
a14bcb1bf9bb821146ba32838217e476f5412621320534ffe490a1890c994660 root-rsa-2048.pem
159d8b7930769d887f3ff0b4e9ec176b82313663f2ef76dc24f5e964da1bc482 root-rsa-3072.pem
""",
        public="""
6754edab1e29affef4a05935adecbeb1a7b8b62397b31e39a61b5bfcaafd63af root-ed25519-2-pub.pem
""",
    ),
    *_published(
        "OpenBMC default or debug key",
        "openbmc/openbmc",
        "8e3322f34f210d677bd97f98e11212ee9d7748cf",
        private="""
80f778340b04836023eac168df1b1e43c6a1562e09c42f915a4f2638b6dd450e meta-aspeed/recipes-bsp/u-boot/files/rsa_oem_dss_key.pem
a48ae977cf91ad27f3a90c2550a990f9e221c083b000d6e4739a6bedd140daa6 meta-phosphor/recipes-phosphor/flash/files/OpenBMC.priv
a432e82aba8c5d71120fe8cde7b648d9f90830b6dcbc9a5fe2fb0bd30baa5f53 upstream-layers/meta-security/meta-integrity/data/debug-keys/privkey_ima.pem
086dcdbc3935465ddfb53cc53ff9ea9bc6bb90c825e3e1b3a6b7310bfa654105 upstream-layers/meta-security/meta-integrity/data/debug-keys/privkey_modsign.pem
""",
        public="""
c40b192d47f5cbd88e553d8f615dc4ac7609660982f9be26346e2fc84403511f upstream-layers/meta-security/meta-integrity/data/debug-keys/ima-local-ca.pem
""",
    ),
    *_published(
        "RAUC test certificate",
        "rauc/rauc",
        "3991031a43f244669889e81f5db18ce56e890b68",
        public="""
8dce10c952c3423d5a4e33b1bd2104293eec31ac384b5b9cbd3a10321e65ee8d test/openssl-ca/dev/autobuilder-1.cert.pem
bfda383519d81b8e2660913e5de1df5fa4914462b46974b35149d952ec63ede7 test/openssl-ca/dev/autobuilder-2.cert.pem
469e16e2dc1e09f85b7f71d5dfd0a4917ffead247b47e437bf76213a3849895b test/openssl-ca/dev/ca.cert.pem
87b8b30dcb3bacd792dae0a5cbb5de9c899061cb0a95e6e9db4e468998540ba9 test/openssl-ca/dev/xku-codeSigning-openssl.cert.pem
02e2d5f7ab36b26d88f9af1a543a1bc61c4b24c276d0ec5cc63fd9e39a5576a2 test/openssl-ca/dev/xku-codeSigning-rauc.cert.pem
9f6214965237fca714871dded3de4f0422b809d544d22c82600b0955b955df67 test/openssl-ca/dev/xku-emailProtection.cert.pem
47d49d739b11fbfdab792a0736b7ef893f345fd49bf3550fc104e7cc2f32db11 test/openssl-ca/rel/ca.cert.pem
9467ab3108043d2d62d5ee58d62f867af27794299b461100ecd47b1b1d428e5a test/openssl-ca/rel/release-1.cert.pem
f5207b5090672f846fa6d0f8d35d7f4d20ab2be5c5485828f32f7a0539e548b6 test/openssl-ca/rel/release-2018.cert.pem
0034f8fe5adc3b0dfe642407275d144de2398c68cc9a86dd6703d7151116b44e test/openssl-ca/root/ca.cert.pem
17854c45bbdbb19424bfc5157779e8f276ef4711a9b9c60aedebcd905e05808e test/openssl-ca/root/xku-timeStamping.cert.pem
""",
    ),
    *_published(
        "U-Boot development or test key",
        "u-boot/u-boot",
        "6073c36b2c8d39afe3ecc789b281667a3ddebc70",
        private="""
6278a34fcfce205e4cbd3e8a85bd6906732700a8fb54d1d3df7df00cd7cf584c board/sandbox/capsule_priv_key_bad.key
fda75632e6cbd03e06beafa01d6bbb663e1f400de8fca64052ca38ebc3845d0e board/sandbox/capsule_priv_key_good.key
d7ea6035b786bc3ee6a33d361d4027f6d9e29faa2e8b77aa940ea7d2fb873ef0 tools/binman/test/dev.key
fec26a11c98bd401d074b6d0715255369956e9d43c65fcb6418973e1c0cbdb01 tools/binman/test/fit/rsa2048.key
24d14d4569d0a6daf1deabecf59f591f73e052e5d01de2e7bbf60660dc479b5e tools/binman/test/security/key.key
""",
        public="""
00acfeb4d70d02eeabb36d01690d2b450f471ad40f7fde5f8247673567ddc0b0 arch/arm/mach-k3/keys/custMpk.crt
5f7c50e793c142244a545bdd455f14aa2a4df44eabdceef21b53e97825786dcd board/broadcom/bcmns3/fit/keys/dev.crt
dfe7bb28f4dd6401d095332287653869932133725ac54e76ea56dd58338f5e36 tools/binman/test/fit/dummy-rsa4096.crt
""",
    ),
)
"""By repository; where the secret half is published first."""

KNOWN: Mapping[str, str] = MappingProxyType({one.fingerprint: one.label for one in KEYS})
"""Fingerprint -> `OpenBMC default or debug key (published with its secret half: REPOSITORY PATH)`."""
