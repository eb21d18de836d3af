"""The key registry: what is read, and every mistake with its place."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ed25519

from fwverify.errors import TrustStoreError
from fwverify.trust import entries
from fwverify.trust.registry import from_key_file, load

KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PEM = KEY.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
PUBLIC_RAW = KEY.public_key().public_bytes(s.Encoding.Raw, s.PublicFormat.Raw)
PIN = hashlib.sha256(KEY.public_key().public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)).hexdigest()
GOOD = f"""fwverify: keys/1
vendor: {{id: acme, legal-name: ACME Power Ltd, domains: [acme.example]}}
keys:
  - id: fw-2024
    type: public-key
    file: acme/fw.pem
    spki-sha256: {PIN}
    role: release key
    purposes: [firmware, sbom]
    products: ["ups-*"]
    formats: [raw-signature]
    constraints: {{hash: sha256}}
    valid-from: 2024-01-01
    valid-to: 2027-06-30
    status: active
    sources:
      - {{channel: phone, who: J. Ortiz, when: 2026-10-03, fingerprint: {PIN}}}
      - {{channel: unit in service, who: M. Lee, when: 2026-10-04}}
"""


def folder(tmp_path: Path, text: str = GOOD) -> Path:
    keys = tmp_path / "keys"
    (keys / "acme").mkdir(parents=True, exist_ok=True)
    (keys / "acme" / "fw.pem").write_bytes(PEM)
    (keys / "acme.yaml").write_text(text)
    return keys


def test_every_field_arrives(tmp_path: Path) -> None:
    """A complete entry is read as written, dates as UTC moments."""
    (entry,) = load(folder(tmp_path)).keys
    record = entry.record
    assert (record.name, record.type, record.fingerprint) == ("acme/fw-2024", "public-key", PIN)
    assert (record.purposes, record.products, record.formats) == (("firmware", "sbom"), ("ups-*",), ("raw-signature",))
    assert (record.valid_from, record.valid_to) == ("2024-01-01T00:00:00Z", "2027-06-30T23:59:59Z")
    assert [one.who for one in record.sources] == ["J. Ortiz", "M. Lee"]
    assert (record.legal_name, record.status, record.sample) == ("ACME Power Ltd", "active", False)
    assert entry.public is not None and entry.public.algorithm == "ed25519"
    assert entry.constraints == (("hash", "sha256"),)


def test_an_empty_folder_is_an_empty_store(tmp_path: Path) -> None:
    """No vendor files: no keys, still a digest."""
    store = load(tmp_path)
    assert store.keys == () and len(store.digest) == 64


def test_a_missing_folder_says_how_to_begin(tmp_path: Path) -> None:
    """The error names the command that pins a first key."""
    with pytest.raises(TrustStoreError) as caught:
        load(tmp_path / "none")
    assert "keys add" in caught.value.todo


def test_the_digest_covers_yaml_and_key_files(tmp_path: Path) -> None:
    """Whatever changes in the registry changes its digest; unrelated files do not."""
    keys = folder(tmp_path)
    first = load(keys).digest
    (keys / "README.md").write_text("words")
    assert load(keys).digest == first
    (keys / "acme" / "fw.pem").write_bytes(PEM + b"\n")
    second = load(keys).digest
    (keys / "acme.yaml").write_text(GOOD + "# comment\n")
    assert len({first, second, load(keys).digest}) == 3


MISTAKES = [
    ("role: release key", "rolle: release key", "8:5", "Did you mean 'role'"),
    ("type: public-key", "type: public-keys", "5:11", "Did you mean 'public-key'"),
    ("type: public-key", "type: x509", "5:11", "holds one of type public-key"),
    ("purposes: [firmware, sbom]", "purposes: [firmwear]", "9:16", "Did you mean 'firmware'"),
    ("purposes: [firmware, sbom]", "purposes: []", "9:15", "must not be empty"),
    ("purposes: [firmware, sbom]", "purposes: firmware", "9:15", "must be a list"),
    ('    products: ["ups-*"]\n', "", "4:5", "'products' is missing"),
    (f"spki-sha256: {PIN}", f"spki-sha256: {'0' * 64}", "7:18", "not the fingerprint of the key"),
    (f"spki-sha256: {PIN}", "spki-sha256: 1234", "7:18", "64 hexadecimal digits"),
    (f"    spki-sha256: {PIN}\n", "", "4:5", "needs 'spki-sha256'"),
    ("file: acme/fw.pem", "file: ../fw.pem", "6:11", "not a path inside"),
    ("file: acme/fw.pem", "file: /etc/passwd", "6:11", "not a path inside"),
    ("file: acme/fw.pem", "file: acme/none.pem", "6:11", "cannot be read"),
    ("file: acme/fw.pem", "file: acme", "6:11", "no regular file"),
    ("valid-to: 2027-06-30", "valid-to: 30.6.2027", "14:15", "is no date"),
    ("valid-to: 2027-06-30", "valid-to: 2027-02-30", "14:15", "is no date"),
    ("valid-to: 2027-06-30", "valid-to: 2027-06-30T10:00:00", "14:15", "is no date"),
    ("status: active", "status: revoked", "4:5", "needs 'revocation'"),
    ("status: active", "status: actve", "15:13", "Did you mean 'active'"),
    ("constraints: {hash: sha256}", "constraints: {hash: md5}", "12:25", "is not one of"),
    ("constraints: {hash: sha256}", "constraints: {salt: many}", "12:25", "a number"),
    ("id: acme,", "id: other,", "2:14", "file is named"),
    ("fwverify: keys/1", "fwverify: keys/2", "1:11", "not one of"),
    ("fwverify: keys/1\n", "", "1:1", "'fwverify' is missing"),
    (f"fingerprint: {PIN}", f"fingerprint: {'1' * 64}", "17:72", "fingerprint seen there"),
    ("channel: phone, ", "", "17:9", "'channel' is missing"),
    ("role: release key", "identity: me", "8:15", "no meaning"),
    ("role: release key", "id: twice", "8:5", "given twice"),
    ("id: fw-2024", "id: FW 2024", "4:9", "is no id"),
]


@pytest.mark.parametrize(("old", "new", "place", "words"), MISTAKES, ids=lambda one: str(one)[:24])
def test_mistakes_have_a_place(tmp_path: Path, old: str, new: str, place: str, words: str) -> None:
    """Each mistake is one error with file, line, column and plain words."""
    assert old in GOOD
    keys = folder(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(TrustStoreError) as caught:
        load(keys)
    assert words in f"{caught.value.what} {caught.value.todo}"
    assert caught.value.where == f"{keys / 'acme.yaml'}:{place}"


def entry_text() -> str:
    return GOOD[GOOD.index("  - id") :]


def test_duplicate_id(tmp_path: Path) -> None:
    """Two entries cannot share an id."""
    with pytest.raises(TrustStoreError, match="given twice"):
        load(folder(tmp_path, GOOD + entry_text()))


def test_a_revoked_key_cannot_live_on_under_another_id(tmp_path: Path) -> None:
    """Compromise distrusts the key, not the entry."""
    revoked = (
        entry_text()
        .replace("fw-2024", "fw-old")
        .replace(
            "status: active", "status: revoked\n    revocation: {date: 2026-01-01, reason: stolen, distrust: always}"
        )
    )
    with pytest.raises(TrustStoreError, match="revoked as acme/fw-old"):
        load(folder(tmp_path, GOOD + revoked))
    text = GOOD.replace(entry_text(), revoked)
    (entry,) = load(folder(tmp_path, text)).keys
    assert (entry.record.revocation_date, entry.record.distrust) == ("2026-01-01T00:00:00Z", "always")


def test_symbolic_links_are_refused(tmp_path: Path) -> None:
    """A link as key file, as folder on the way or as vendor file is refused."""
    keys = folder(tmp_path)
    (keys / "acme" / "fw.pem").unlink()
    (tmp_path / "out.pem").write_bytes(PEM)
    (keys / "acme" / "fw.pem").symlink_to(tmp_path / "out.pem")
    with pytest.raises(TrustStoreError, match="symbolic link"):
        load(keys)
    (keys / "acme" / "fw.pem").unlink()
    (keys / "acme").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "fw.pem").write_bytes(PEM)
    (keys / "acme").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TrustStoreError, match="symbolic link"):
        load(keys)
    (tmp_path / "v.yaml").write_text(GOOD)
    (keys / "acme.yaml").unlink()
    (keys / "acme.yaml").symlink_to(tmp_path / "v.yaml")
    with pytest.raises(TrustStoreError, match="symbolic link"):
        load(keys)


def test_private_key_in_the_registry(tmp_path: Path) -> None:
    """A private key file is refused with words that say so."""
    keys = folder(tmp_path)
    (keys / "acme" / "fw.pem").write_bytes(KEY.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
    with pytest.raises(TrustStoreError, match="this is a private key"):
        load(keys)


SIGSTORE = """fwverify: keys/1
vendor: {id: acme, legal-name: ACME}
keys:
  - id: ci
    type: sigstore-identity
    identity: https://forge.acme.example/release.yml@refs/tags/v1
    issuer: https://id.acme.example
    trusted-root: acme/root.json
    purposes: [firmware]
    products: ["*"]
    sources: [{channel: contract, who: A, when: 2026-01-01}]
"""


def test_sigstore_identity_and_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Identity, issuer and trusted root arrive; a sample is known by digest alone, whatever kind it is."""
    keys = folder(tmp_path, SIGSTORE)
    (keys / "acme" / "root.json").write_bytes(b"{}")
    (entry,) = load(keys).keys
    assert (entry.public, entry.trusted_root, entry.record.sample) == (None, b"{}", False)
    assert entry.record.identity.startswith("https://forge")
    monkeypatch.setattr(entries, "SAMPLE_KEYS", frozenset({hashlib.sha256(b"{}").hexdigest(), PIN}))
    assert load(keys).keys[0].record.sample
    assert load(folder(tmp_path)).keys[0].record.sample


def test_tofu_needs_an_end(tmp_path: Path) -> None:
    """A key trusted on first use without an end is refused."""
    text = GOOD.replace("status: active", "status: tofu")
    assert load(folder(tmp_path, text)).keys[0].record.status == "tofu"
    with pytest.raises(TrustStoreError, match="valid-to"):
        load(folder(tmp_path, text.replace("    valid-to: 2027-06-30\n", "")))


def test_other_endings_and_bytes(tmp_path: Path) -> None:
    """A .yml file is not silently left out; what is not UTF-8 text is an error."""
    keys = folder(tmp_path)
    (keys / "acme.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(TrustStoreError, match="UTF-8"):
        load(keys)
    (keys / "acme.yaml").rename(keys / "acme.yml")
    with pytest.raises(TrustStoreError, match=r"\.yaml"):
        load(keys)


def test_one_bare_key_file(tmp_path: Path) -> None:
    """`--key FILE` makes a store of that key, with no confirmation behind it."""
    (tmp_path / "k.pem").write_bytes(PEM)
    (entry,) = from_key_file(tmp_path / "k.pem").keys
    assert (entry.record.fingerprint, entry.record.sources, entry.record.purposes) == (PIN, (), ())
    (tmp_path / "k.pem").write_bytes(b"words")
    with pytest.raises(TrustStoreError):
        from_key_file(tmp_path / "k.pem")


def certificate(private: object, *, crl: bool = False) -> bytes:
    """A self-signed certificate, or an empty revocation list of its issuer."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "root")])
    start, end = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) for year in (2024, 2049))
    if crl:
        made = x509.CertificateRevocationListBuilder().issuer_name(name).last_update(start).next_update(end)
        return made.sign(private, hashes.SHA256()).public_bytes(s.Encoding.PEM)  # type: ignore[arg-type]
    cert = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    cert = cert.public_key(private.public_key()).not_valid_before(start).not_valid_after(end)  # type: ignore[attr-defined]
    return cert.sign(private, hashes.SHA256()).public_bytes(s.Encoding.PEM)  # type: ignore[arg-type]


def test_certificate_with_its_revocation_list(tmp_path: Path) -> None:
    """An x509 entry keeps the certificate as material and its lists as DER; a list that is none is an error."""
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    spki = private.public_key().public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)
    pin = hashlib.sha256(spki).hexdigest()
    text = GOOD.replace(PIN, pin).replace(
        "type: public-key", "type: x509\n    crl: [acme/root.crl]\n    owner: HSM team"
    )
    keys = folder(tmp_path, text)
    (keys / "acme" / "fw.pem").write_bytes(certificate(private))
    (keys / "acme" / "root.crl").write_bytes(certificate(private, crl=True))
    before = load(keys)
    (entry,) = before.keys
    assert entry.public is not None and entry.public.material[:1] == entry.crls[0][:1] == b"\x30"
    assert entry.record.owner == "HSM team"
    (keys / "acme" / "root.crl").write_bytes(certificate(private))
    with pytest.raises(TrustStoreError, match="revocation list"):
        load(keys)
    with pytest.raises(TrustStoreError, match="no meaning"):
        load(folder(tmp_path, GOOD.replace("role: release key", "crl: [acme/root.crl]")))


CONSTRAINED = [
    ("{hash: [sha256, sha384], min-rsa-bits: 3072}", (("hash", "sha256,sha384"), ("min-rsa-bits", "3072"))),
    ('{eku: "codeSigning, 1.3.6.1.4.1.311.10.3.6"}', (("eku", "codeSigning,1.3.6.1.4.1.311.10.3.6"),)),
    ("{prehash: none, salt: none}", (("prehash", "none"), ("salt", "none"))),
    (f'{{leaf-spki: "{"AB:" * 31}AB"}}', (("leaf-spki", "ab" * 32),)),
    ("{payload-type: application/vnd.in-toto+json}", (("payload-type", "application/vnd.in-toto+json"),)),
]


@pytest.mark.parametrize(("text", "wanted"), CONSTRAINED, ids=lambda one: str(one)[:30])
def test_constraints(tmp_path: Path, text: str, wanted: tuple[tuple[str, str], ...]) -> None:
    """Values are typed, alternatives a list or commas, and the record holds the same as the key."""
    (entry,) = load(folder(tmp_path, GOOD.replace("{hash: sha256}", text))).keys
    assert entry.constraints == entry.record.constraints == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{hsah: sha256}", "Did you mean 'hash'"),
        ("{min-rsa-bits: [2048, 3072]}", "one value"),
        ("{min-rsa-bits: none}", "a number"),
        ("{eku: codesigning}", "Did you mean 'codeSigning'"),
        ("{leaf-spki: abcd}", "64 hexadecimal digits"),
        ("{required: both}", "is not one of conf, image"),
        ("{namespace: []}", "one value"),
    ],
)
def test_wrong_constraints(tmp_path: Path, text: str, words: str) -> None:
    """Unknown names and values of another kind are errors that help."""
    with pytest.raises(TrustStoreError) as caught:
        load(folder(tmp_path, GOOD.replace("{hash: sha256}", text)))
    assert words in f"{caught.value.what} {caught.value.todo}"


def test_a_key_with_a_log(tmp_path: Path) -> None:
    """A bare key may have a trusted root beside it, and further purposes."""
    text = GOOD.replace("role: release key", "trusted-root: acme/root.json").replace("sbom]", "timestamp, provenance]")
    keys = folder(tmp_path, text)
    (keys / "acme" / "root.json").write_bytes(b"{}")
    (entry,) = load(keys).keys
    assert (entry.trusted_root, entry.record.purposes) == (b"{}", ("firmware", "timestamp", "provenance"))


def test_weak_keys_are_recorded_as_weak(tmp_path: Path) -> None:
    """A key that can be broken loads, and says so in its record."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    public = rsa.RSAPublicNumbers(65537, ((1 << 1024) + 643) ** 2).public_key()
    spki = public.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)
    keys = folder(tmp_path, GOOD.replace(PIN, hashlib.sha256(spki).hexdigest()))
    (keys / "acme" / "fw.pem").write_bytes(public.public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))
    assert any("Fermat" in one for one in load(keys).keys[0].record.weaknesses)


def test_signify_and_minisign_by_their_stated_type(tmp_path: Path) -> None:
    """The two formats differ in a comment only: the type decides."""
    import base64

    line = base64.b64encode(b"Ed" + b"12345678" + PUBLIC_RAW)
    for comment, kind in ((b"minisign public key", "signify"), (b"anything", "minisign"), (b"anything", "signify")):
        keys = folder(tmp_path, GOOD.replace("type: public-key", f"type: {kind}"))
        (keys / "acme" / "fw.pem").write_bytes(b"untrusted comment: " + comment + b"\n" + line + b"\n")
        (entry,) = load(keys).keys
        assert entry.public is not None and entry.public.note == f"{kind} public key" and entry.record.native
