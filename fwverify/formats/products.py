"""One upstream product, many names: package, library, binary and SONAME spellings folded to one.

Sources of the spellings: Debian policy 3.1 and 8.1 on package and library package names, the Filesystem Hierarchy's
`libNAME.so.N`, and the products' own project pages; read 2026-11-22. A name that is not in the table keeps its own
spelling, less packaging (`-dev`, a SONAME version). Does NOT guess that `foo` and `libfoo` are one product: whoever
compares may do that as a last resort.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

_TABLE = """
abseil: abseil-cpp
alsa-lib: alsa libasound libatopology
apt: libapt-pkg libapt-inst
argon2: libargon2 phc-winner-argon2
arm-trusted-firmware: trusted-firmware-a tf-a atf bl31
audit: libaudit libauparse auditd
avahi: avahi-daemon libavahi-client libavahi-common libavahi-core
bind: bind9 named libbind9 libdns libisc libisccfg libdns-export libisc-export
binutils: libbinutils libbfd libopcodes libctf
bluez: bluetooth bluetoothd libbluetooth
brotli: libbrotli libbrotlicommon libbrotlidec libbrotlienc
busybox: busybox-static busybox-initrd busybox-syslogd udhcpc
bzip2: libbz2 bz2
c-ares: cares libc-ares libcares
cairo: libcairo libcairo-gobject
cjson: libcjson cjson-utils libcjson-utils
collectd: libcollectdclient
cryptsetup: libcryptsetup cryptsetup-bin
cups: libcups libcupsimage
curl: libcurl libcurl-gnutls libcurl-nss libcurl3-gnutls libcurl4-openssl libcurl4-gnutls
cyrus-sasl: cyrus-sasl2 sasl libsasl libsasl2 libsasl2-modules libsasl2-modules-db libsasldb
db: berkeleydb berkeley-db libdb libdb5
dbus: libdbus libdbus-1 dbus-daemon dbus-bin dbus-1
dhcp: isc-dhcp isc-dhcp-client isc-dhcp-server dhclient dhcpd
dhcpcd: dhcpcd5 dhcpcd-base
dnsmasq: dnsmasq-base dnsmasq-full
dosfstools: mkfs.fat fsck.fat
dropbear: dropbearkey dropbearconvert dbclient dropbearmulti dropbear-initramfs dropbear-bin
dtc: libfdt device-tree-compiler
e2fsprogs: e2fslibs libext2fs libe2p libcom-err libcom_err libss e2fsck mke2fs
elfutils: libelf libdw libasm libdebuginfod
expat: libexpat libexpatw
ffmpeg: libavcodec libavformat libavutil libswscale libswresample libavfilter
fftw: fftw3 libfftw3
file: libmagic
freertos: freertos-kernel amazon-freertos
freetype: freetype2 libfreetype
fuse: libfuse fuse3 libfuse3
gcc: libgcc libgcc-s libgcc_s libstdc++ libstdc libatomic libgomp libitm libssp libquadmath gcc-base gcc-libs
gdb: gdbserver
gdbm: libgdbm libgdbm-compat
gettext: libintl libgettextpo
giflib: libgif
glib: glib2 glib2.0 glib-2.0 libglib libglib2.0 libglib-2.0 libgio-2.0 libgobject-2.0 libgmodule-2.0 libgthread-2.0
glibc: libc libc6 eglibc libc-bin libc-l10n libm libmvec libpthread libdl librt libresolv libutil libanl
  libbrokenlocale libnsl.so.1 locales ld
gmp: libgmp libgmpxx
gnupg: gnupg2 gpg gpgv gpg-agent gpgsm dirmngr
gnutls: gnutls28 libgnutls libgnutls-openssl libgnutls-dane libgnutlsxx gnutls-bin
goahead: goahead-webs webs
gpsd: libgps
grpc: libgrpc libgrpc++
grub: grub2 grub-efi grub-common grub-pc
gstreamer: gstreamer1.0 libgstreamer libgstreamer-1.0 libgstreamer1.0
haveged: libhavege
hidapi: libhidapi libhidapi-hidraw libhidapi-libusb
hostapd: hostapd-common hostapd_cli wpad
http-parser: http_parser libhttp_parser libhttp-parser
httpd: apache apache2 apache-httpd apache-http-server apache2-bin
icu: libicu libicudata libicui18n libicuuc libicuio icu4c
inetutils: inetutils-telnetd inetutils-ftpd
iperf: iperf3 libiperf
iproute2: iproute tc
iptables: libiptc libxtables libip4tc libip6tc ip6tables xtables xtables-multi
iputils: iputils-ping iputils-arping iputils-tracepath
json-c: libjson-c json_c libjson-c-dev
kexec-tools: kexec
kmod: libkmod module-init-tools
krb5: libkrb5 libkrb5support libk5crypto libgssapi-krb5 libgssapi_krb5 kerberos mit-krb5 libgssrpc libkdb5
libarchive: bsdtar
libcap: libcap2 libpsx libcap2-bin
libcap-ng: libcap-ng0
libcoap: libcoap2 libcoap3
libconfig: libconfig9
libdrm: libdrm2
libedit: libedit2
libevent: libevent-core libevent_core libevent-2.1 libevent-openssl libevent-pthreads libevent-extra
libgcrypt: libgcrypt11 libgcrypt20 gcrypt
libgpg-error: libgpg_error libgpgerror gpgrt
libgpiod: gpiod
libiconv: iconv
libidn: libidn11 libidn12
libidn2: idn2
libiec61850: iec61850
libiio: iiod
libjpeg-turbo: libjpeg-turbo8 libjpeg62-turbo libturbojpeg libturbojpeg0 libjpeg libjpeg62 libjpeg8 jpeg-turbo
  turbojpeg
libmicrohttpd: libmicrohttpd12
libmodbus: libmodbus5
libnetfilter-conntrack: libnetfilter_conntrack
libnetfilter-queue: libnetfilter_queue
libnl: libnl3 libnl-3 libnl-genl-3 libnl-route-3 libnl-nf-3 libnl-cli-3 libnl-genl libnl-route
libnsl: libnsl2
libpcap: pcap
libpng: libpng12 libpng15 libpng16 libpng16-16 png
libqmi: libqmi-glib
libsecret: libsecret-1
libselinux: selinux
libsigc++: libsigc++-2.0
libsodium: sodium
libsrtp: libsrtp2
libssh: libssh-4 libssh-gcrypt
libssh2: libssh2-1
libtasn1: libtasn1-6
libtirpc: libtirpc3 libtirpc-common
libtomcrypt: tomcrypt
libtommath: tommath
libtool: libltdl
libubox: ubox
libubootenv: libubootenv-tool
libusb: libusb-1.0 libusb1 libusb-1.0-0
libusb-compat: libusb-0.1
libuv: libuv1
libwebp: libwebpmux libwebpdemux libsharpyuv
libwebsockets: libwebsockets8 lws
libxcrypt: libcrypt libcrypt1
libxml2: libxml2-utils xml2 xmllint
libxslt: libxslt1.1 libexslt
libyaml: libyaml-0
lighttpd: lighttpd-mod
linux: kernel linux-kernel vmlinux zimage bzimage linux-image linux-modules linux-headers
linux-firmware: firmware-misc-nonfree
linux-pam: pam libpam libpam0g libpamc libpam-misc libpam_misc libpam-modules libpam-runtime
lldpd: liblldpctl
lm-sensors: lm_sensors libsensors
lua: lua5.1 lua5.2 lua5.3 lua5.4 liblua liblua5.1 liblua5.2 liblua5.3 liblua5.4
luajit: libluajit-5.1 luajit2
lvm2: libdevmapper dmsetup device-mapper libdevmapper-event liblvm2cmd
lwip: liblwip lightweight-ip lwip-tcpip
lzo: lzo2 liblzo2 liblzo
mbedtls: mbed-tls mbed_tls polarssl libmbedtls libmbedcrypto libmbedx509 mbed-crypto
miniupnpd: miniupnp
mosquitto: libmosquitto libmosquittopp mosquitto-clients mosquitto-client mosquitto_sub mosquitto_pub
  eclipse-mosquitto
mpdecimal: libmpdec
mpfr: mpfr4 libmpfr
mtd-utils: mtdutils mtd-utils-ubifs libubi libmtd
musl: musl-libc libc-musl
mxml: libmxml mini-xml
nano: nano-tiny
nano-x: microwindows
ncurses: libncurses libncursesw libtic libticw libtinfo libtinfow libform libformw libmenu libmenuw libpanel libpanelw
  ncurses-term
net-snmp: netsnmp snmpd libsnmp libsnmp-base libnetsnmp libnetsnmpagent libnetsnmpmibs snmp
nettle: libnettle libhogweed
networkmanager: network-manager libnm libnm0
newlib: newlib-nano libnewlib
newt: libnewt libnewt0.52
nfs-utils: nfs-common nfs-kernel-server
nftables: libnftables nft
nginx: nginx-core nginx-light nginx-full
nodejs: node node.js libnode
nss: libnss3 network-security-services
nspr: libnspr4
ntp: ntpd ntpdate sntp
ntpsec: ntpsec-ntpdate
nuttx: apache-nuttx
oniguruma: libonig onig
opencv: libopencv-core libopencv
openldap: libldap libldap-2.4 libldap-2.5 libldap-2.6 liblber libldap2 libldap_r slapd ldap
openssh: ssh sshd openssh-server openssh-client openssh-sftp-server openssh-portable
openssl: libssl libcrypto libopenssl ssleay openssl-libs libssl-utils
openvpn: openvpn-openssl
openwrt: openwrt-base-files lede
optee: op-tee optee-os optee-client libteec
p11-kit: libp11-kit p11-kit-modules
paho-mqtt: paho.mqtt.c libpaho-mqtt3c libpaho-mqtt3as libpaho-mqtt3cs libpaho-mqtt3a paho-mqtt-c paho
parted: libparted libparted2
pciutils: libpci
pcre: pcre3 libpcre libpcre3 libpcrecpp libpcreposix pcre1
pcre2: libpcre2 libpcre2-8 libpcre2-16 libpcre2-32 libpcre2-posix
perl: libperl perl-base perl-modules perl5 perl-modules-5.36 libperl5.36
php: php7 php8 php-cli php-cgi php-fpm
polkit: policykit-1 policykit libpolkit-gobject-1 libpolkit-agent-1 polkitd
postgresql: libpq libpq5 postgres
ppp: pppd
procps: procps-ng libprocps libproc2 libproc-2
protobuf: libprotobuf libprotobuf-lite libprotoc protobuf-cpp google-protobuf
python: python2 python3 cpython libpython libpython3 libpython2.7 python3-minimal libpython3-stdlib
qt: qt5 qt6 qtbase qtbase-opensource-src libqt5core5a libqt5core libqt5network5 libqt6core6
quagga: libzebra
readline: libreadline libhistory readline-common gnu-readline
rpcbind: portmap
rsyslog: rsyslogd
rtmpdump: librtmp
samba: smbd nmbd winbind libsmbclient libwbclient samba-libs smbclient
shadow: passwd login shadow-utils libsubid
slang: slang2 libslang libslang2 s-lang
snappy: libsnappy libsnappy1v5
sqlite: sqlite3 libsqlite libsqlite3 libsqlite3-0
squashfs-tools: squashfs mksquashfs
strongswan: libstrongswan charon
stunnel: stunnel4
systemd: libsystemd libudev udev systemd-udevd systemd-sysv libnss-systemd libpam-systemd libsystemd-shared
  systemd-libs
sysvinit: sysvinit-core sysvinit-utils initscripts
threadx: azure-rtos-threadx eclipse-threadx
tiff: libtiff libtiff5 libtiff6 libtiffxx
tpm2-tss: libtss2-esys libtss2-sys libtss2-mu tss2
u-boot: uboot das-u-boot u-boot-tools u-boot-spl
uclibc: uclibc-ng libuclibc
unixodbc: libodbc odbcinst
unzip: infozip info-zip
usbutils: lsusb
util-linux: libuuid libblkid libmount libsmartcols libfdisk mount util-linux-ng uuid-runtime fdisk bsdutils
vim: vim-tiny vim-common xxd
wayland: libwayland-client libwayland-server libwayland-egl libwayland-cursor
wget: gnu-wget
wireguard: wireguard-tools wg
wireless-tools: wireless_tools libiw libiw30 iwlib
wolfssl: libwolfssl cyassl wolfcrypt
wpa_supplicant: wpasupplicant wpa-supplicant wpa wpa-supplicant-mini wpa_cli libwpa-client
xerces-c: libxerces-c libxerces-c3.2
xz: xz-utils xzutils liblzma xz-libs
yaml-cpp: libyaml-cpp libyaml-cpp0.7
zephyr: zephyr-rtos zephyrproject zephyr-os zephyr-kernel
zeromq: zeromq3 libzmq libzmq5 0mq
zlib: zlib1g libz zlib1
zlib-ng: libz-ng zlib-ng-compat
zstd: libzstd zstandard
aws-iot-device-sdk: aws-iot-device-sdk-embedded-c
canopennode: canopen-node
chibios: chibios-rt
cmsis: cmsis-5 cmsis-core cmsis-dsp
contiki-ng: contiki
esp-idf: espressif-iot-development-framework
fatfs: ff-fatfs
fwupd: libfwupd libfwupdplugin
libubus: ubus ubusd
libuci: uci
littlefs: lfs
micro-ecc: uecc
netopeer2: libnetconf2
riot: riot-os
stm32cube: stm32cubef4 stm32cubeh7 stm32-hal
ustream-ssl: libustream-ssl libustream-openssl libustream-mbedtls libustream-wolfssl
"""
"""A product and its other spellings; an indented line goes on with the one above."""

_LIBRARIES = """
acl apparmor apr attr augeas boost civetweb duktape fontconfig freeradius fribidi harfbuzz jansson jq jsoncpp keyutils
lz4 minizip mongoose nghttp2 open62541 opensc opkg popt protobuf-c pugixml ruby spdlog swupdate syslog-ng talloc tdb
tinycbor tinyxml tinyxml2 unbound xxhash yajl
"""
"""Products whose one other spelling is `lib` before the name."""

_ONE_SPELLING = """
barebox bash coreutils cpio findutils gawk git grep gzip ifupdown iw kbd less libassuan libcbor libdaemon libestr
libev libevdev libfastjson libffi libinput libksba libmbim libmd libmnl libndp libnet libnfnetlink libnftnl libnl-tiny
libopencm3 libpciaccess libpsl libseccomp libsemanage libsepol libunistring libunwind liburing logrotate ltp lvgl
mcuboot mdadm micropython nanopb net-tools procd rapidjson rauc rsync screen sed strace sudo tar tcpdump tinycrypt
tinyusb toybox uhttpd vsftpd watchdog wireless-regdb xinetd
"""
"""Products with no other spelling, so that packaging is taken off their names only."""

_PREFIXES = (
    ("linux-image-", "linux"),
    ("linux-modules-", "linux"),
    ("linux-headers-", "linux"),
    ("linux-kbuild-", "linux"),
    ("linux-libc-dev", "linux"),
    ("kernel-image", "linux"),
    ("kernel-module", "linux"),
    ("kernel-devicetree", "linux"),
    ("u-boot-", "u-boot"),
    ("libboost-", "boost"),
    ("python3.", "python"),
    ("libpython3.", "python"),
    ("paho-mqtt3", "paho-mqtt"),
    ("ld-linux", "glibc"),
    ("libnss-files", "glibc"),
    ("libnss-dns", "glibc"),
    ("libnss-compat", "glibc"),
    ("libnss-hesiod", "glibc"),
    ("libnss-db", "glibc"),
    ("ld-musl", "musl"),
    ("ld64-uclibc", "uclibc"),
    ("ld-uclibc", "uclibc"),
)
"""Families whose members carry a version or board in their name."""

_PREFIX_NAMES = tuple(prefix for prefix, _ in _PREFIXES)

_PACKAGING = re.compile(
    r"-(?:dev|devel|dbg|dbgsym|debug|doc|docs|udeb|common|bin|data|locale|lang|static|headers|libs|src|staticdev)$"
)
_VARIANT = re.compile(
    r"-(?:base|core|tools|utils|clients?|server|daemon|minimal|full|modules|runtime|openssl|gnutls|mbedtls|wolfssl)$"
)
"""Taken off only where the table knows the rest: `foo-server` may well be a product of its own."""
_INSTALLER_MODULES = re.compile(r"-modules-\d[\w.+-]*-di$")
_SONAME = re.compile(r"\.(?:so|a|dll|dylib|ko)(?:[.\d].*)?$")
_SONAME_VERSION = re.compile(r"-?\d+(?:[._]\d+)*(?:t64|c2a|v5|[a-z])?$")


@cache
def _aliases() -> dict[str, str]:
    known = {_spelled(product): product for product in (*_ONE_SPELLING.split(), *_LIBRARIES.split())}
    known.update((f"lib{_spelled(product)}", product) for product in _LIBRARIES.split())
    for line in _TABLE.replace("\n  ", " ").strip().splitlines():
        product, _, names = line.partition(":")
        for name in (product, *names.split()):
            known.setdefault(_spelled(name), product)
    return known


def _spelled(name: str) -> str:
    """One spelling for case, blanks and underscores."""
    return re.sub(r"[\s_]+", "-", name.strip().lower())


def known_products() -> frozenset[str]:
    """Every product the table folds names to."""
    return frozenset(_aliases().values())


@lru_cache(maxsize=65_536)
def canonical_product(name: str) -> str:
    """The upstream product a package, library or binary name speaks of, in lower case.

    `libssl3`, `libssl.so.3`, `OpenSSL`, `libssl-dev:arm64` are all `openssl`. Total: any text gives a text, and the
    result is a fixed point.
    """
    seen, before = _folded(name[:_MAX_NAME]), ""
    while seen != before:  # each round shortens or settles it
        seen, before = _folded(seen), seen
    return seen


def _folded(name: str) -> str:
    """One round: the base name of a path, without an architecture, looked up or stripped of packaging."""
    seen = _spelled(name.rsplit("/", 1)[-1].partition(":")[0]) or _spelled(name)
    return _looked_up(seen) or _bare(seen)


_MAX_NAME = 256
"""Characters looked at: names are hostile too, and no product name has a tenth of it."""


def _looked_up(name: str) -> str:
    """By the table and the families alone; empty when neither knows the name."""
    known = _aliases()
    if name in known:
        return known[name]
    if _INSTALLER_MODULES.search(name):
        return "linux"
    if not name.startswith(_PREFIX_NAMES):
        return ""
    return next(product for prefix, product in _PREFIXES if name.startswith(prefix))


def _bare(name: str) -> str:
    """Strip packaging and SONAME versions until the table knows the rest; else what is left of a library's name."""
    stem = _SONAME.sub("", name)
    while True:
        shorter = _PACKAGING.sub("", stem)
        if not shorter or shorter == stem:
            break
        stem = shorter
        if product := _looked_up(stem):
            return product
    if product := _known_part(stem):
        return product
    trimmed = _trimmed(stem) or _trimmed(_VARIANT.sub("", stem))
    return trimmed or stem or name


def _known_part(stem: str) -> str:
    """By the table, with or without a variant's ending."""
    return _looked_up(stem) or _looked_up(_VARIANT.sub("", stem))


def _trimmed(stem: str) -> str:
    """Take SONAME versions off the end, one at a time: `libldap-2.5-0`, `libtinfo6`, `gcc-12`, `libc6`."""
    rest = stem
    for _ in range(3):
        shorter = _SONAME_VERSION.sub("", rest)
        if not shorter or shorter == rest:
            break
        rest = shorter
        if product := _known_part(rest):
            return product
    return rest if stem.startswith("lib") and rest != stem and len(rest) > len("lib") else ""
