"""Everything a shop can set: built-in defaults, then `kiosk.toml`, then `KIOSK_*` variables, in one typed object.

`kiosk.toml` has one table a section (`[shop]`, `[wechat]`, …) and one `[[printers]]` table a printer. A variable is
`KIOSK_<SECTION>_<FIELD>`, e.g. `KIOSK_WECHAT_MCHID`; printers are set in the file only. An unknown key or a value of
the wrong kind is refused with one sentence: a misspelt setting must not pass for a default.

Secrets never stand in here: the fields that end in `_file` are paths of files, relative ones beside `kiosk.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

FILE_NAME = "kiosk.toml"
PREFIX = "KIOSK_"
NOT_SETTINGS = frozenset({"KIOSK_DATA", "KIOSK_CONFIG"})
"""Variables of the command line itself."""
DEFAULT = "default"


NO_PRINTER = "receipt"
"""What the slips' printer is called while none is set up: its jobs wait."""
DOTS = {58: 384, 80: 576}
"""Width of the paper in mm to printed dots at 203 dpi."""


class SettingsError(Exception):
    """Settings that cannot be used; the text is one sentence for whoever wrote them."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of `kiosk.toml`."""


class ShopSection(Section, frozen=True):
    """Who sells; printed on slips and shown with every error."""

    name: Annotated[str, Meta(description="name of the shop, as slips show it; empty: the outlet's")] = ""
    address: Annotated[str, Meta(description="address on slips; empty: the outlet's")] = ""
    phone: Annotated[str, Meta(description="telephone on slips; empty: the outlet's")] = ""
    support: Annotated[str, Meta(description="whom to call for help; stands on every error")] = ""
    language: Annotated[
        str, Meta(description="language of the screen: zh_CN, en, ja, ru", pattern="^(zh_CN|en|ja|ru)$")
    ] = "zh_CN"


class ScreenSection(Section, frozen=True):
    """What the screen does while nobody touches it. A payment code that is shown stays as it is."""

    dim_seconds: Annotated[int, Meta(description="seconds until the screen dims and hides people", ge=10)] = 60
    lock_seconds: Annotated[int, Meta(description="seconds until it asks for the PIN again", ge=30, le=3600)] = 300


class StoreSection(Section, frozen=True):
    """Where the shop's books are."""

    directory: Annotated[str, Meta(description="directory of the store; empty: the XDG data home")] = ""


class CollectionSection(Section, frozen=True):
    """How money is collected."""

    order_seconds: Annotated[int, Meta(description="how long a customer can pay a shown code", ge=60, le=900)] = 180
    description: Annotated[str, Meta(description="what the customer reads on the phone", min_length=1)] = "电动自行车"


class WeChatSection(Section, frozen=True):
    """WeChat Pay, API v3, public-key mode. The channel is on when mchid is set.

    With sub_mchid the shop collects through a service provider: mchid, appid and keys are then the provider's.
    """

    base_url: Annotated[str, Meta(description="the provider's address; http only for this machine")] = (
        "https://api.mch.weixin.qq.com"
    )
    mchid: Annotated[str, Meta(description="merchant number; empty: the channel is off")] = ""
    appid: Annotated[str, Meta(description="application number bound to the merchant")] = ""
    serial_no: Annotated[str, Meta(description="serial number of the merchant's API certificate")] = ""
    private_key_file: Annotated[str, Meta(description="file of the merchant's private key (PEM, PKCS#8)")] = ""
    public_key_id: Annotated[str, Meta(description="identifier of WeChat Pay's public key, PUB_KEY_ID_…")] = ""
    public_key_file: Annotated[str, Meta(description="file of WeChat Pay's public key (PEM)")] = ""
    apiv3_key_file: Annotated[str, Meta(description="file of the 32-byte API v3 key")] = ""
    notify_url: Annotated[str, Meta(description="a public HTTPS address of yours; the API demands one")] = ""
    sub_mchid: Annotated[str, Meta(description="the shop's number at a service provider; empty: it has none")] = ""
    sub_appid: Annotated[str, Meta(description="the shop's own application number there; may be empty")] = ""


class AlipaySection(Section, frozen=True):
    """Alipay, gateway.do, RSA2. The channel is on when app_id is set.

    In certificate mode public_key_file is Alipay's certificate, and the two other certificates are set as well.
    """

    gateway: Annotated[str, Meta(description="the provider's address; http only for this machine")] = (
        "https://openapi.alipay.com/gateway.do"
    )
    app_id: Annotated[str, Meta(description="application number; empty: the channel is off")] = ""
    private_key_file: Annotated[str, Meta(description="file of the application's private key")] = ""
    public_key_file: Annotated[str, Meta(description="file of Alipay's public key, or of its certificate")] = ""
    app_certificate_file: Annotated[str, Meta(description="file of the application's certificate")] = ""
    root_certificate_file: Annotated[str, Meta(description="file of Alipay's root certificates")] = ""
    seller: Annotated[str, Meta(description="account that is paid, 2088…; empty: the application's own")] = ""
    notify_url: Annotated[str, Meta(description="a public HTTPS address of yours; may be empty")] = ""


class NuonuoSection(Section, frozen=True):
    """The Nuonuo open platform. Invoicing is on when app_key is set."""

    token_url: Annotated[str, Meta(description="address that gives access tokens")] = (
        "https://open.nuonuo.com/accessToken"  # noqa: S105  an address, not a secret
    )
    base_url: Annotated[str, Meta(description="address of the services; http only for this machine")] = (
        "https://sdk.nuonuo.com/open/v1/services"
    )
    app_key: Annotated[str, Meta(description="key of the application; empty: invoicing is off")] = ""
    app_secret_file: Annotated[str, Meta(description="file of the application's secret")] = ""
    tax_number: Annotated[str, Meta(description="tax number of the seller")] = ""
    seller_address: Annotated[str, Meta(description="address of the seller on invoices")] = ""
    seller_phone: Annotated[str, Meta(description="telephone of the seller on invoices")] = ""
    clerk: Annotated[str, Meta(description="who issues: the name tied to the tax bureau's login")] = ""
    extension: Annotated[str, Meta(description="extension number, where the company has several")] = ""


class InvoicesSection(Section, frozen=True):
    """What stands on an invoice. Tax code and special element have no default: whoever files the tax decides them.

    While one is missing, invoices wait with that reason; sales go on.
    """

    tax_profile: Annotated[
        str, Meta(description="kind of taxpayer, as the dated tax rates name it: general, small")
    ] = "general"
    goods_tax_code: Annotated[
        str, Meta(description="19-digit tax code of an electric bicycle", pattern=r"^(\d{19})?$")
    ] = ""
    goods_short_name: Annotated[str, Meta(description="category between the asterisks of the goods name")] = ""
    special_element: Annotated[
        str, Meta(description="special element of the invoice: 0 for none", pattern="^0?0?$")
    ] = ""
    unit: Annotated[str, Meta(description="unit of quantity on invoice lines")] = "辆"


class PrinterSection(Section, frozen=True):
    """One receipt printer."""

    name: Annotated[str, Meta(description="what this printer is called", min_length=1)]
    address: Annotated[str, Meta(description="tcp://HOST:PORT, /dev/usb/lp0 or file:DIRECTORY")] = ""
    driver: Annotated[str, Meta(description="escpos, virtual or broken")] = "escpos"
    profile: Annotated[str, Meta(description="capability profile of the printer")] = "default"
    width: Annotated[Literal[58, 80], Meta(description="paper width in mm: 80 or 58")] = 80
    charset: Annotated[str, Meta(description="the printer's own Chinese encoding")] = "gbk"
    language: Annotated[str, Meta(description="language of the slips: zh, en", pattern="^(zh|en)$")] = "zh"


class Settings(Section, frozen=True):
    """The whole of `kiosk.toml`."""

    shop: ShopSection = ShopSection()
    screen: ScreenSection = ScreenSection()
    store: StoreSection = StoreSection()
    collection: CollectionSection = CollectionSection()
    wechat: WeChatSection = WeChatSection()
    alipay: AlipaySection = AlipaySection()
    invoices: InvoicesSection = InvoicesSection()
    nuonuo: NuonuoSection = NuonuoSection()
    printers: tuple[PrinterSection, ...] = ()


SECTIONS: dict[str, type[Section]] = {
    "shop": ShopSection,
    "screen": ScreenSection,
    "store": StoreSection,
    "collection": CollectionSection,
    "wechat": WeChatSection,
    "alipay": AlipaySection,
    "invoices": InvoicesSection,
    "nuonuo": NuonuoSection,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as `kiosk settings` prints it. source: `default`, the path of the file, or the variable's name."""

    key: str
    value: str
    source: str
    description: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and where each one that is not a default comes from (by key, `wechat.mchid`)."""

    settings: Settings
    sources: Mapping[str, str]

    def listing(self) -> Iterator[Setting]:
        """Every setting in the order of this file."""
        for section, kind in SECTIONS.items():
            values = getattr(self.settings, section)
            for field in msgspec.structs.fields(kind):
                key = f"{section}.{field.name}"
                value = str(getattr(values, field.name))
                yield Setting(key, value, self.sources.get(key, DEFAULT), _description(field.type))
        for index, printer in enumerate(self.settings.printers, 1):
            for field in msgspec.structs.fields(PrinterSection):
                key = f"printers.{index}.{field.name}"
                value = str(getattr(printer, field.name))
                yield Setting(key, value, self.sources.get(key, DEFAULT), _description(field.type))


def load_settings(config: Path | None, environ: Mapping[str, str]) -> Loaded:
    """Defaults, then the file (None: no file), then the variables. Raises SettingsError with one sentence."""
    tree, sources = _read_file(config) if config is not None else ({}, {})
    for name, value in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        section, field, kind = _named(name)
        tree.setdefault(section, {})[field] = _number(name, value) if kind is int else value
        sources[f"{section}.{field}"] = name
    try:
        settings = msgspec.convert(tree, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(_sentence(error, config)) from error
    return Loaded(_with_whole_paths(settings, config.parent if config is not None else Path.cwd()), sources)


def data_home(environ: Mapping[str, str]) -> Path:
    """Where the store is when nobody says: `$XDG_DATA_HOME/ebike-kiosk` (XDG Base Directory Specification)."""
    base = environ.get("XDG_DATA_HOME", "")
    root = Path(base) if base.startswith("/") else Path("~/.local/share").expanduser()
    return root / "ebike-kiosk"


def _with_whole_paths(settings: Settings, beside: Path) -> Settings:
    """Every path made absolute: `~` is the home, a relative one stands beside `kiosk.toml`."""
    for section, kind in SECTIONS.items():
        values = getattr(settings, section)
        whole = {
            field.name: str(beside.absolute() / Path(text).expanduser())
            for field in msgspec.structs.fields(kind)
            if (field.name.endswith("_file") or field.name == "directory") and (text := getattr(values, field.name))
        }
        if whole:
            settings = msgspec.structs.replace(settings, **{section: msgspec.structs.replace(values, **whole)})
    return settings


def _read_file(config: Path) -> tuple[dict[str, Any], dict[str, str]]:
    import tomllib

    try:
        tree = tomllib.loads(config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{config}: there is no such file.") from None
    except OSError as error:
        raise SettingsError(f"{config} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{config} is not TOML: {error}.") from error
    sources: dict[str, str] = {}
    for section, values in tree.items():
        if isinstance(values, dict):
            sources.update({f"{section}.{field}": str(config) for field in cast("dict[str, Any]", values)})
        elif isinstance(values, list):
            for index, entry in enumerate(cast("list[Any]", values), 1):
                if isinstance(entry, dict):
                    fields = cast("dict[str, Any]", entry)
                    sources.update({f"{section}.{index}.{field}": str(config) for field in fields})
    return tree, sources


def _named(variable: str) -> tuple[str, str, Any]:
    """Section, field and kind of a variable. Raises SettingsError for one that names no setting."""
    section, _, field = variable.removeprefix(PREFIX).lower().partition("_")
    for known in msgspec.structs.fields(SECTIONS[section]) if section in SECTIONS else ():
        if known.name == field:
            return section, field, _bare(known.type)
    raise SettingsError(f"{variable} names no setting; `kiosk settings` lists them all.")


def _number(variable: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise SettingsError(f"{variable} must be a whole number, not {value!r}.") from None


def _bare(annotated: Any) -> Any:
    return getattr(annotated, "__origin__", annotated)


def _description(annotated: Any) -> str:
    return next((meta.description or "" for meta in getattr(annotated, "__metadata__", ())), "")


def _sentence(error: msgspec.ValidationError, config: Path | None) -> str:
    where = f"{config}" if config is not None else "The settings"
    text = str(error).replace("Object contains unknown field", "there is no setting").replace(" - at ", ", at ")
    return f"{where}: {text}."
