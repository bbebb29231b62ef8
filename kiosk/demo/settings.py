"""The demo shop's settings: those of any shop, with the addresses and keys of its own little world."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from kiosk.settings import (
    AlipaySection,
    InvoicesSection,
    NuonuoSection,
    PrinterSection,
    Settings,
    ShopSection,
    WeChatSection,
)

NOTIFY_URL = "https://demo.invalid/notify"
CLERK = "演示"


def demo_settings(announcement: str | Mapping[str, Any]) -> Settings:
    """Settings for the world that announced itself so. Its secrets are put into files beside its keys.

    Raises ValueError for an announcement that cannot be read, OSError when the files cannot be written.
    """
    told = cast("Mapping[str, Any]", json.loads(announcement)) if isinstance(announcement, str) else announcement
    try:
        wechat, alipay, nuonuo = told["wechat"], told["alipay"], told["nuonuo"]
        keys = Path(wechat["private_key"]).parent
        printer = told.get("printer")
        return Settings(
            shop=ShopSection(support="演示环境"),
            wechat=WeChatSection(
                base_url=wechat["base_url"],
                mchid=wechat["mchid"],
                appid=wechat["appid"],
                serial_no=wechat["serial_no"],
                private_key_file=wechat["private_key"],
                public_key_id=wechat["public_key_id"],
                public_key_file=wechat["public_key"],
                apiv3_key_file=_secret(keys / "apiv3.key", wechat["apiv3_key"]),
                notify_url=NOTIFY_URL,
            ),
            alipay=AlipaySection(
                gateway=alipay["gateway"],
                app_id=alipay["app_id"],
                private_key_file=alipay["app_private_key"],
                public_key_file=alipay["alipay_public_key"],
            ),
            nuonuo=NuonuoSection(
                token_url=nuonuo["token_url"],
                base_url=nuonuo["base_url"],
                app_key=nuonuo["app_key"],
                app_secret_file=_secret(keys / "nuonuo.secret", nuonuo["app_secret"]),
                tax_number=nuonuo["tax_number"],
                clerk=CLERK,
            ),
            invoices=InvoicesSection(tax_profile="demo"),
            printers=()
            if printer is None
            else (PrinterSection(name="receipt", address=f"tcp://{printer['host']}:{printer['port']}"),),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not the announcement of a demo world: {error!r}") from error


def _secret(path: Path, content: str) -> str:
    """Write a secret where only we can read it; returns the path."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    return str(path)
