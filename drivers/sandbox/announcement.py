"""What a running sandbox tells its starter: addresses, keys and secrets, as one line of JSON.

The shape is a published contract: keys may be added, never changed or taken away.
"""

from __future__ import annotations

import msgspec


class WeChatAccess(msgspec.Struct, frozen=True):
    """Access to the WeChat Pay side. private_key (the merchant's) and public_key (WeChat Pay's) are PEM file paths.

    sub_mchid: a merchant that mchid, as a service provider, may act for.
    """

    base_url: str
    mchid: str
    appid: str
    serial_no: str
    private_key: str
    public_key: str
    public_key_id: str
    apiv3_key: str
    sub_mchid: str


class AlipayAccess(msgspec.Struct, frozen=True):
    """Access to the Alipay side. Both keys are paths of PEM files; Alipay's own clients take the text between the
    PEM armour's lines as well."""

    gateway: str
    app_id: str
    app_private_key: str
    alipay_public_key: str


class NuonuoAccess(msgspec.Struct, frozen=True):
    """Access to the Nuonuo side; secrets inline."""

    token_url: str
    base_url: str
    app_key: str
    app_secret: str
    tax_number: str


class ControlAccess(msgspec.Struct, frozen=True):
    """Addresses of the sandbox's own controls; see `drivers.sandbox.control`."""

    pay_url: str
    fault_url: str
    ledger_url: str
    clock_url: str


class Announcement(msgspec.Struct, frozen=True):
    """The first line of a sandbox's output."""

    wechat: WeChatAccess
    alipay: AlipayAccess
    nuonuo: NuonuoAccess
    control: ControlAccess

    def to_json(self) -> str:
        """One line, without its end."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Announcement:
        """Read what `to_json` wrote. Raises ValueError."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a sandbox's announcement: {error}") from error
