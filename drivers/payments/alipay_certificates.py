"""The serial numbers by which Alipay's certificate mode names certificates.

One is the MD5 of the issuer's name, last part first, and the certificate's number in decimal; that of a root file joins
those of its RSA-signed certificates with ``_`` (Alipay documentation, "certificate mode"; alipay-sdk-nodejs-all,
``src/antcertutil.ts``). It names, it protects nothing.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_RSA = "1.2.840.113549.1.1"
_RSA_IN_DER = bytes.fromhex("2a864886f70d0101")


def certificate_number(pem: bytes) -> str:
    """What names the first certificate of a file. Raises ValueError when there is none that can be read."""
    blocks: list[bytes] = _BLOCK.findall(pem)
    if not blocks:
        raise ValueError("the file holds no certificate in PEM")
    return _number(_read(blocks[0]))


def root_certificates_number(pem: bytes) -> str:
    """What names a file of root certificates: those signed with RSA, in the file's order. Raises ValueError.

    Alipay's own file holds an elliptic-curve certificate that strict readers refuse; it does not count.
    """
    found: list[str] = []
    for block in _BLOCK.findall(pem):
        try:
            certificate = _read(block)
        except ValueError:
            if _mentions_rsa(block):
                raise
            continue
        if certificate.signature_algorithm_oid.dotted_string.startswith(_RSA):
            found.append(_number(certificate))
    if not found:
        raise ValueError("the file holds no root certificate signed with RSA")
    return "_".join(found)


def _read(block: bytes) -> Certificate:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(block)
    except ValueError as error:
        raise ValueError("a certificate cannot be read") from error


def _number(certificate: Certificate) -> str:
    named = certificate.issuer.rfc4514_string() + str(certificate.serial_number)
    return hashlib.md5(named.encode(), usedforsecurity=False).hexdigest()


def _mentions_rsa(block: bytes) -> bool:
    import base64

    return _RSA_IN_DER in base64.b64decode(b"".join(block.splitlines()[1:-1]))
