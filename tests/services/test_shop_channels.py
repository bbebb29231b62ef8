"""What the settings turn on is what can collect; a channel that does not load is a warning, never a closed shop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from data.states import Channel
from kiosk.settings import AlipaySection

CERTIFICATES = json.loads((Path(__file__).parents[1] / "drivers" / "vectors" / "alipay_certificates.json").read_text())


def section(keys: Path, **changes: str) -> AlipaySection:
    """Alipay with keys of this world."""
    made = {
        "gateway": "http://127.0.0.1:9/gateway.do",
        "app_id": "2021000000000001",
        "private_key_file": str(keys / "wechat_merchant_key.pem"),
        "public_key_file": str(keys / "wechat_platform_public_key.pem"),
    }
    return AlipaySection(**made | changes)


def keys_of(till: Any) -> Path:
    return Path(till.town.announcement["wechat"]["private_key"]).parent


async def test_given_both_channels_when_the_shop_starts_then_both_can_collect(till: Any) -> None:
    shop = await till.open(alipay=section(keys_of(till)))
    assert shop.collection.channels == {Channel.WECHAT, Channel.ALIPAY}
    assert shop.health.warnings == ()


async def test_given_certificates_when_the_shop_starts_then_alipay_is_on_in_certificate_mode(
    till: Any, tmp_path: Path
) -> None:
    for name, entry in CERTIFICATES.items():
        if name in ("application", "alipay", "root"):
            (tmp_path / f"{name}.crt").write_text(entry["pem"])
    shop = await till.open(
        alipay=section(
            keys_of(till),
            public_key_file=str(tmp_path / "alipay.crt"),
            app_certificate_file=str(tmp_path / "application.crt"),
            root_certificate_file=str(tmp_path / "root.crt"),
        )
    )
    assert shop.collection.channels == {Channel.WECHAT, Channel.ALIPAY}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"private_key_file": ""}, "alipay.private_key_file is not set"),
        ({"public_key_file": "/nowhere/alipay.pem"}, "No such file"),
        ({"gateway": "http://openapi.alipay.com/gateway.do"}, "must begin with https://"),
        ({"app_certificate_file": __file__}, "no certificate"),
    ],
)
async def test_given_a_channel_that_cannot_load_when_the_shop_starts_then_it_warns_and_the_other_collects(
    till: Any, changes: dict[str, str], why: str
) -> None:
    shop = await till.open(alipay=section(keys_of(till), **changes))
    assert shop.collection.channels == {Channel.WECHAT}
    (warning,) = shop.health.warnings
    assert warning.startswith("Alipay is off: ")
    assert why in warning


async def test_given_no_application_number_when_the_shop_starts_then_alipay_is_off_without_a_word(till: Any) -> None:
    shop = await till.open(alipay=AlipaySection())
    assert shop.collection.channels == {Channel.WECHAT}
    assert shop.health.warnings == ()
