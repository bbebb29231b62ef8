"""The drivers of a shop's settings: printers, payment channel, invoice provider. Imported by `Shop.start` only."""

from __future__ import annotations

from pathlib import Path

from data.store import Store
from drivers.invoices.base import InvoiceProvider
from drivers.payments.base import PaymentChannel
from drivers.printers import create
from drivers.printers.base import PrinterSettings, ReceiptPrinter
from drivers.printers.broken import BrokenPrinter
from kiosk.services.clock import Clock
from kiosk.settings import DOTS, NO_PRINTER, NuonuoSection, PrinterSection, WeChatSection


def printers(sections: tuple[PrinterSection, ...]) -> list[ReceiptPrinter]:
    """The drivers of the printers, at least one: without any, one that says so."""
    if not sections:
        return [BrokenPrinter(PrinterSettings(NO_PRINTER), "no printer is set up")]
    return [
        create(PrinterSettings(one.name, one.driver, one.address, one.profile, DOTS[one.width], one.charset))
        for one in sections
    ]


def wechat(section: WeChatSection, clock: Clock) -> PaymentChannel:
    """WeChat Pay. Raises Misconfigured, OSError for keys that cannot be read."""
    from drivers.payments.wechat import WeChatPay, WeChatSettings

    return WeChatPay(
        WeChatSettings(
            base_url=section.base_url,
            mchid=section.mchid,
            appid=section.appid,
            serial_no=section.serial_no,
            private_key_pem=Path(section.private_key_file).read_bytes(),
            public_keys={section.public_key_id: Path(section.public_key_file).read_bytes()},
            apiv3_key=_secret(section.apiv3_key_file),
            notify_url=section.notify_url,
        ),
        clock.now_ms,
    )


def nuonuo(section: NuonuoSection, store: Store, clock: Clock) -> InvoiceProvider:
    """Nuonuo. Raises InvoiceMisconfigured, OSError for secrets that cannot be read."""
    from drivers.invoices.nuonuo import Nuonuo, NuonuoSettings
    from kiosk.services.provider_tokens import StoredTokens

    return Nuonuo(
        NuonuoSettings(
            base_url=section.base_url,
            token_url=section.token_url,
            app_key=section.app_key,
            app_secret=_secret(section.app_secret_file),
            tax_number=section.tax_number,
            clerk=section.clerk,
            extension=section.extension,
            seller_phone=section.seller_phone,
            seller_address=section.seller_address,
        ),
        StoredTokens(store, f"nuonuo:{section.app_key}"),
        clock.now_ms,
    )


def _secret(path: str) -> str:
    """The text of a secret's file; empty when no file is set, which is only right where the secret is not needed."""
    return Path(path).read_text(encoding="utf-8").strip() if path else ""
