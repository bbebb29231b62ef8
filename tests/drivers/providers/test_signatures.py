"""The official SDKs' published vectors against our own crypto, and the Nuonuo signature's known answers."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from drivers.invoices.nuonuo_signature import nuonuo_signature
from drivers.payments.signatures import (
    decrypt_aead,
    load_private_key,
    load_public_key,
    verify,
    wechat_request_message,
)

VECTORS: dict[str, dict[str, Any]] = {
    entry["id"]: entry
    for entry in json.loads((Path(__file__).parent.parent / "vectors" / "payments.json").read_text())["vectors"]
}


def test_given_the_go_sdks_signature_when_verified_then_it_is_good_and_only_for_its_message() -> None:
    vector = VECTORS["wx-go-rsa-sha256-sign"]
    key = load_public_key(vector["public_key_pem"].encode())
    assert verify(key, vector["message"].encode(), vector["signature_b64"])
    assert not verify(key, vector["message"].encode() + b" ", vector["signature_b64"])
    assert not verify(key, vector["message"].encode(), vector["signature_b64"][:-4] + "AAA=")
    assert not verify(key, vector["message"].encode(), "not base64 at all")


def test_given_the_java_sdks_certificate_when_verified_then_its_key_is_used_and_another_key_refused() -> None:
    vector = VECTORS["wx-java-rsa-verify-cert"]
    message, signature = vector["message"].encode(), vector["signature_b64"]
    assert verify(load_public_key(vector["certificate_pem"].encode()), message, signature)
    assert not verify(load_public_key(vector["also_must_fail_with_public_key_pem"].encode()), message, signature)


@pytest.mark.parametrize("case", VECTORS["wx-go-string-to-sign"]["cases"], ids=lambda case: case["method"])
def test_given_a_request_when_its_message_is_built_then_it_is_the_go_sdks(case: dict[str, str]) -> None:
    built = wechat_request_message(
        case["method"], case["canonical_url"], case["timestamp"], case["nonce"], case["body"].encode()
    )
    assert built == case["string_to_sign"].encode()


@pytest.mark.parametrize("name", ["wx-go-aead-aes-gcm", "wx-java-aead-aes-256-gcm"])
def test_given_a_sealed_text_when_opened_then_it_is_the_sdks_plain_text(name: str) -> None:
    vector = VECTORS[name]
    sealed = (vector["key_utf8"].encode(), vector["nonce_utf8"], vector["aad_utf8"], vector["ciphertext_b64"])
    assert decrypt_aead(*sealed) == vector["plaintext_utf8"].encode()
    with pytest.raises(ValueError, match="does not open"):
        decrypt_aead(sealed[0], sealed[1], "other", sealed[3])


def test_given_a_sealed_platform_certificate_when_opened_then_it_is_the_certificate_of_that_serial() -> None:
    from cryptography import x509

    vector = VECTORS["wx-java-v3-certificates-response"]
    pem = decrypt_aead(vector["key_utf8"].encode(), vector["nonce_utf8"], vector["aad_utf8"], vector["ciphertext_b64"])
    assert f"{x509.load_pem_x509_certificate(pem).serial_number:X}" == vector["expect_x509_serial_hex"]
    load_public_key(pem)


def test_given_alipays_answers_when_verified_then_the_same_rsa2_check_holds() -> None:
    answer = VECTORS["alipay-node-sync-response"]
    signature = json.loads(answer["raw_response"])["sign"]
    key = load_public_key(answer["public_key_pem"].encode())
    assert verify(key, answer["signed_substring"].encode(), signature)
    notify = VECTORS["alipay-node-async-notify"]
    lines = base64.encodebytes(base64.b64decode(notify["public_key_der_b64"]))
    pem = b"-----BEGIN PUBLIC KEY-----\n" + lines + b"-----END PUBLIC KEY-----\n"
    assert verify(load_public_key(pem), notify["string_to_verify"].encode(), notify["signature_b64"])


def test_every_published_vector_is_used_but_the_old_v2_protocol_which_nothing_here_speaks() -> None:
    used = {
        "wx-go-rsa-sha256-sign",
        "wx-java-rsa-verify-cert",
        "wx-go-string-to-sign",
        "wx-go-aead-aes-gcm",
        "wx-java-aead-aes-256-gcm",
        "wx-java-v3-certificates-response",
        "alipay-node-sync-response",
        "alipay-node-async-notify",
    }
    assert set(VECTORS) - used == {"wx-v2-md5-hmac"}


@pytest.mark.parametrize("load", [load_private_key, load_public_key])
def test_given_no_key_when_loaded_then_a_sentence_says_so(load: Any) -> None:
    with pytest.raises(ValueError, match="key"):
        load(b"-----BEGIN NOTHING-----")


@pytest.mark.parametrize(
    ("secret", "app_key", "senid", "nonce", "timestamp", "body", "signature"),
    [
        ("secret", "app", "a" * 32, "12345678", "1700000000", '{"name":"中文"}', "4BzcKzrcoqxPis0W/W3X2ae0uIo="),
        (
            "MADEUPSECRET0001",
            "MADEUPKEY1",
            "0123456789abcdef0123456789abcdef",
            "12345678",
            "1768435200",
            '{"order":{"orderNo":"POS20260115000001","buyerName":"示例科技有限公司","invoiceLine":"pc"}}',
            "LQZ5GW95ngjUTlS0eYbnFXLDAgo=",
        ),
        (
            "MADEUPSECRET0001",
            "MADEUPKEY1",
            "fedcba9876543210fedcba9876543210",
            "87654321",
            "1768435260",
            '{"orderNos":["POS20260115000001"],"isOfferInvoiceDetail":"0"}',
            "5pKKLKCktfiUJgrDzoZU7QK0T14=",
        ),
    ],
    ids=["V0", "V1", "V2"],
)
def test_given_a_nuonuo_request_when_signed_then_it_is_what_two_independent_sdks_computed(
    secret: str, app_key: str, senid: str, nonce: str, timestamp: str, body: str, signature: str
) -> None:
    assert nuonuo_signature(secret, app_key, senid, nonce, timestamp, body.encode()) == signature
