"""Signed images: data is taken only if it is what the holder of the key has signed."""

from __future__ import annotations

import base64
import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.x509.oid import NameOID
from people import Person
from scenes import DATA, assert_is_whole, assert_nothing_was_kept, file_of

HASHES = {
    "SHA-224": hashes.SHA224(),
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
KEYS = ("RSA-PSS", "DSA", "ECC_SECP384R1", "ECC_SECP521R1")
NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
# The certificates of the fixture ``keys``, in order.
UUIDS = {
    kind: f"00000000-0000-4000-8000-00000000000{number}" for number, kind in enumerate(KEYS)
}
EXPIRED = "00000000-0000-4000-8000-00000000000e"


@pytest.fixture(scope="module")
def keys() -> dict[str, Any]:
    return {
        "RSA-PSS": rsa.generate_private_key(65537, 2048),
        "DSA": dsa.generate_private_key(2048),
        "ECC_SECP384R1": ec.generate_private_key(ec.SECP384R1()),
        "ECC_SECP521R1": ec.generate_private_key(ec.SECP521R1()),
    }


def write_certificate(path: Path, key: Any, until: datetime.datetime) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 30 * DAY)
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@pytest.fixture(scope="module")
def certificates(keys: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("certificates")
    for kind, key in keys.items():
        write_certificate(directory / f"{UUIDS[kind]}.pem", key, NOW + 30 * DAY)
    write_certificate(directory / f"{EXPIRED}.pem", keys["RSA-PSS"], NOW - DAY)
    (directory / "secret").write_text("not a certificate")
    return directory


@pytest.fixture
def service(make_service: Any, certificates: Path) -> Any:
    return make_service(signature_certificates_dir=str(certificates))


def signed(keys: dict[str, Any], kind: str, method: str, data: bytes = DATA) -> dict[str, str]:
    """The four properties of an image with this data."""
    algorithm, key = HASHES[method], keys[kind]
    if kind == "RSA-PSS":
        mgf = padding.MGF1(algorithm)
        scheme = padding.PSS(mgf=mgf, salt_length=padding.PSS.MAX_LENGTH)
        signature = key.sign(data, scheme, algorithm)
    elif kind == "DSA":
        signature = key.sign(data, algorithm)
    else:
        signature = key.sign(data, ec.ECDSA(algorithm))
    return {
        "img_signature": base64.b64encode(signature).decode(),
        "img_signature_hash_method": method,
        "img_signature_key_type": kind,
        "img_signature_certificate_uuid": UUIDS[kind],
    }


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("method", HASHES)
def test_data_is_taken_if_it_is_what_was_signed(
    service: Any, alice: Person, keys: Any, kind: str, method: str
) -> None:
    image = alice.create(**signed(keys, kind, method))

    assert alice.upload(image["id"], b"012345678X").status_code == 400
    assert_nothing_was_kept(service, alice, image["id"])
    assert alice.upload(image["id"], b"").status_code == 400
    assert alice.upload(image["id"]).status_code == 204
    assert_is_whole(alice, image["id"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"img_signature": ""},
        {"img_signature": "AAAA"},
        {"img_signature": "no base64 §"},
        {"img_signature_hash_method": "SHA-512"},
        {"img_signature_hash_method": "sha-256"},
        {"img_signature_hash_method": ""},
        {"img_signature_key_type": "DSA"},
        {"img_signature_key_type": "RSA"},
        {"img_signature_certificate_uuid": UUIDS["DSA"]},
        {"img_signature_certificate_uuid": EXPIRED},
        {"img_signature_certificate_uuid": "00000000-0000-4000-8000-0000000000ff"},
        {"img_signature_certificate_uuid": "../secret"},
        {"img_signature_certificate_uuid": "secret"},
        {"img_signature_certificate_uuid": ""},
    ],
)
def test_a_signature_that_is_wrong_in_any_part_is_refused(
    service: Any, alice: Person, keys: Any, certificates: Path, wrong: dict[str, str]
) -> None:
    image = alice.create(**{**signed(keys, "RSA-PSS", "SHA-256"), **wrong})

    response = alice.upload(image["id"])

    assert response.status_code == 400
    assert str(certificates) not in response.text
    assert_nothing_was_kept(service, alice, image["id"])


@pytest.mark.parametrize(
    "missing",
    [
        "img_signature",
        "img_signature_hash_method",
        "img_signature_key_type",
        "img_signature_certificate_uuid",
    ],
)
def test_three_of_the_properties_are_no_signature(
    service: Any, alice: Person, keys: Any, missing: str
) -> None:
    properties = signed(keys, "RSA-PSS", "SHA-256", data=b"other data")
    del properties[missing]
    image = alice.create(**properties)

    assert alice.upload(image["id"]).status_code == 204
    assert alice.get(file_of(image)).data == DATA
