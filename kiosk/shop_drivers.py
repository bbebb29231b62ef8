"""The drivers of a shop's settings: printers, payment channels, invoice provider. Imported by `Shop.start` only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from data.states import Channel
from data.store import Store
from drivers.invoices.base import InvoiceProvider
from drivers.payments.base import Misconfigured, PaymentChannel
from drivers.printers import create
from drivers.printers.base import PrinterSettings, ReceiptPrinter
from drivers.printers.broken import BrokenPrinter
from kiosk.services.clock import Clock
from kiosk.settings import DOTS, NO_PRINTER, AlipaySection, NuonuoSection, PrinterSection, Settings, WeChatSection


def printers(sections: tuple[PrinterSection, ...]) -> list[ReceiptPrinter]:
    """The drivers of the printers, at least one: without any, one that says so."""
    if not sections:
        return [BrokenPrinter(PrinterSettings(NO_PRINTER), "no printer is set up")]
    return [
        create(PrinterSettings(one.name, one.driver, one.address, one.profile, DOTS[one.width], one.charset))
        for one in sections
    ]


@dataclass(frozen=True, slots=True)
class ChannelSetUp:
    """A channel that the settings turn on. make: raises Misconfigured, ValueError, OSError when it cannot work."""

    channel: Channel
    name: str
    make: Callable[[], PaymentChannel]


def channels(settings: Settings, clock: Clock) -> Iterator[ChannelSetUp]:
    """The channels that are set up; nothing is loaded yet."""
    if settings.wechat.mchid:
        yield ChannelSetUp(Channel.WECHAT, "WeChat Pay", lambda: _wechat(settings.wechat, clock))
    if settings.alipay.app_id:
        yield ChannelSetUp(Channel.ALIPAY, "Alipay", lambda: _alipay(settings.alipay, clock))


def _wechat(section: WeChatSection, clock: Clock) -> PaymentChannel:
    from drivers.payments.wechat import WeChatPay, WeChatSettings

    return WeChatPay(
        WeChatSettings(
            base_url=section.base_url,
            mchid=section.mchid,
            appid=section.appid,
            serial_no=section.serial_no,
            private_key_pem=_key(section.private_key_file, "wechat.private_key_file"),
            public_keys={section.public_key_id: _key(section.public_key_file, "wechat.public_key_file")},
            apiv3_key=_secret(section.apiv3_key_file),
            notify_url=section.notify_url,
            sub_mchid=section.sub_mchid,
            sub_appid=section.sub_appid,
        ),
        clock.now_ms,
    )


def _alipay(section: AlipaySection, clock: Clock) -> PaymentChannel:
    from drivers.payments.alipay import Alipay, AlipaySettings
    from drivers.payments.alipay_certificates import certificate_number, root_certificates_number

    own, root = section.app_certificate_file, section.root_certificate_file
    return Alipay(
        AlipaySettings(
            gateway=section.gateway,
            app_id=section.app_id,
            private_key_pem=_key(section.private_key_file, "alipay.private_key_file"),
            public_key_pem=_key(section.public_key_file, "alipay.public_key_file"),
            seller=section.seller,
            notify_url=section.notify_url,
            app_cert_sn=certificate_number(Path(own).read_bytes()) if own else "",
            root_cert_sn=root_certificates_number(Path(root).read_bytes()) if root else "",
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


def _key(path: str, setting: str) -> bytes:
    if not path:
        raise Misconfigured(f"{setting} is not set")
    return Path(path).read_bytes()


def _secret(path: str) -> str:
    """The text of a secret's file; empty when no file is set, which is only right where the secret is not needed."""
    return Path(path).read_text(encoding="utf-8").strip() if path else ""
