"""Signed images: is the data what the holder of the key has signed?

An image is signed when all four ``img_signature…`` properties are there. The
certificates lie in the directory ``signature_certificates_dir``, each as
``<uuid>.pem``, where Glance asks a key manager for them.
"""

from __future__ import annotations

import base64
import datetime
import re
from pathlib import Path
from typing import Any

from cryptography import exceptions, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa, utils

from glance_shim import clock, errors
from glance_shim.db.images import ImageRow

SIGNATURE = "img_signature"
HASH_METHOD = "img_signature_hash_method"
KEY_TYPE = "img_signature_key_type"
CERTIFICATE = "img_signature_certificate_uuid"

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "SHA-224": hashes.SHA224,
    "SHA-256": hashes.SHA256,
    "SHA-384": hashes.SHA384,
    "SHA-512": hashes.SHA512,
}
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _rsa_pss(key: Any, signature: bytes, digest: bytes, algorithm: Any) -> None:
    scheme = padding.PSS(mgf=padding.MGF1(algorithm), salt_length=padding.PSS.AUTO)
    key.verify(signature, digest, scheme, utils.Prehashed(algorithm))


def _dsa(key: Any, signature: bytes, digest: bytes, algorithm: Any) -> None:
    key.verify(signature, digest, utils.Prehashed(algorithm))


def _ecdsa(key: Any, signature: bytes, digest: bytes, algorithm: Any) -> None:
    key.verify(signature, digest, ec.ECDSA(utils.Prehashed(algorithm)))


KEY_TYPES: dict[str, tuple[type, str | None, Any]] = {
    "RSA-PSS": (rsa.RSAPublicKey, None, _rsa_pss),
    "DSA": (dsa.DSAPublicKey, None, _dsa),
    **{
        f"ECC_{curve.upper()}": (ec.EllipticCurvePublicKey, curve, _ecdsa)
        for curve in (
            "secp521r1",
            "secp384r1",
            "sect571k1",
            "sect409k1",
            "sect571r1",
            "sect409r1",
        )
    },
}


class Verifier:
    """Is fed the data of one signed image and judges the signature at the end."""

    def __init__(self, image: ImageRow, directory: str | None) -> None:
        self._image_id = image.id
        properties = image.properties
        self._signature = self._decoded(properties[SIGNATURE])
        if properties[HASH_METHOD] not in HASHES:
            raise self._invalid(f"{HASH_METHOD} must be one of {', '.join(HASHES)}")
        if properties[KEY_TYPE] not in KEY_TYPES:
            raise self._invalid(f"{KEY_TYPE} must be one of {', '.join(KEY_TYPES)}")
        self._algorithm = HASHES[properties[HASH_METHOD]]()
        self._hash = hashes.Hash(self._algorithm)
        kind, curve, self._verify = KEY_TYPES[properties[KEY_TYPE]]
        self._key: Any = self._public_key(properties[CERTIFICATE], directory)
        if not isinstance(self._key, kind) or curve not in (None, _curve(self._key)):
            raise self._invalid(f"the key of the certificate is not {properties[KEY_TYPE]}")

    def update(self, chunk: bytes) -> None:
        """Take the next chunk into account."""
        self._hash.update(chunk)

    def verify(self) -> None:
        """Raise `errors.SignatureInvalid` unless the signature is right."""
        try:
            self._verify(self._key, self._signature, self._hash.finalize(), self._algorithm)
        except (exceptions.InvalidSignature, ValueError) as exc:
            raise self._invalid("it does not match the data") from exc

    def _decoded(self, text: str) -> bytes:
        # The stock client sends the text of a Python bytes literal.
        if text.startswith("b'") and text.endswith("'"):
            text = text[2:-1]
        try:
            return base64.b64decode(text, validate=True)
        except ValueError as exc:
            raise self._invalid(f"{SIGNATURE} is not base64") from exc

    def _public_key(self, uuid: str, directory: str | None) -> Any:
        if not UUID.fullmatch(uuid):
            raise self._invalid(f"{CERTIFICATE} is not a UUID")
        if directory is None:
            raise self._invalid("this service has no certificates (signature_certificates_dir)")
        try:
            pem = (Path(directory) / f"{uuid.lower()}.pem").read_bytes()
            certificate = x509.load_pem_x509_certificate(pem)
        except (OSError, ValueError) as exc:
            raise self._invalid(f"the certificate {uuid} is not known") from exc
        now = datetime.datetime.fromtimestamp(clock.now(), datetime.timezone.utc)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise self._invalid(f"the certificate {uuid} is not valid at this time")
        return certificate.public_key()

    def _invalid(self, reason: str) -> errors.SignatureInvalid:
        return errors.SignatureInvalid(image_id=self._image_id, reason=reason)


def _curve(key: Any) -> str | None:
    return key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else None


def verifier_for(image: ImageRow, directory: str | None) -> Verifier | None:
    """What checks the signature of the image; ``None`` if it is not signed.

    Raises `errors.SignatureInvalid` where the properties make no sense.
    """
    needed = (SIGNATURE, HASH_METHOD, KEY_TYPE, CERTIFICATE)
    if not all(name in image.properties for name in needed):
        return None
    return Verifier(image, directory)
