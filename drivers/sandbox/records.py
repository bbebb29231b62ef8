"""The records of the sandbox's books. Amounts in fen, times in UTC epoch ms of the sandbox's own clock."""

from __future__ import annotations

import msgspec


class Identity(msgspec.Struct, frozen=True):
    """Who this sandbox is; drawn once for each directory."""

    mchid: str
    appid: str
    serial_no: str
    public_key_id: str
    apiv3_key: str
    app_key: str
    app_secret: str
    tax_number: str
    sub_mchid: str = "1999000002"
    app_id: str = "2021999900000001"


class ClockSetting(msgspec.Struct, frozen=True):
    """How far the sandbox's clock is ahead of the machine's."""

    offset_ms: int


class Fault(msgspec.Struct, frozen=True):
    """One injected fault. endpoint "*": all of the target's. times None: until healed."""

    target: str
    endpoint: str
    kind: str
    times: int | None = None

    @property
    def key(self) -> str:
        """One fault at a time for each target and endpoint."""
        return f"{self.target}/{self.endpoint}"


class Nonce(msgspec.Struct, frozen=True):
    """A request nonce that has been used."""

    nonce: str
    at_ms: int


class Order(msgspec.Struct, frozen=True):
    """A WeChat Pay order. parameters: canonical JSON of the first create; creates: how often it was asked for.

    sub_mchid: for whom a service provider placed it; empty for an order of the merchant's own.
    """

    number: str
    parameters: str
    amount_fen: int
    description: str
    created_at_ms: int
    expires_at_ms: int
    code: str
    code_at_ms: int
    creates: int = 1
    closed_at_ms: int | None = None
    paid_at_ms: int | None = None
    transaction_id: str = ""
    payer_total_fen: int = 0
    sub_mchid: str = ""
    sub_appid: str = ""


class ShownCode(msgspec.Struct, frozen=True):
    """Which order a code text was made for."""

    code: str
    number: str


class Refund(msgspec.Struct, frozen=True):
    """A refund of a WeChat Pay order."""

    refund_number: str
    refund_id: str
    number: str
    amount_fen: int
    payer_refund_fen: int
    reason: str
    created_at_ms: int
    requests: int = 1


class AlipayTrade(msgspec.Struct, frozen=True):
    """An Alipay trade: announced by the kiosk, in being from the first scan. parameters: canonical JSON of the first
    precreate; code, code_ends_ms: the newest code; trade_life_ms: from the scan; buyer_pay_fen: after coupons."""

    number: str
    parameters: str
    amount_fen: int
    subject: str
    precreated_at_ms: int
    trade_life_ms: int
    hard_end_ms: int | None
    code: str = ""
    code_ends_ms: int = 0
    creates: int = 0
    trade_no: str = ""
    scanned_at_ms: int | None = None
    cancelled_at_ms: int | None = None
    closed_at_ms: int | None = None
    paid_at_ms: int | None = None
    buyer_pay_fen: int = 0


class AlipayCode(msgspec.Struct, frozen=True):
    """Which trade a code text was made for, and until when it can be scanned."""

    code: str
    number: str
    ends_at_ms: int


class AlipayRefund(msgspec.Struct, frozen=True):
    """Money of an Alipay trade given back."""

    number: str
    refund_number: str
    amount_fen: int
    reason: str
    created_at_ms: int
    requests: int = 1


class TokenGrant(msgspec.Struct, frozen=True):
    """A Nuonuo access token that was handed out."""

    value: str
    at_ms: int


class BilledLine(msgspec.Struct, frozen=True):
    """One line of an invoice, as checked."""

    name: str
    code: str
    spec: str
    unit: str
    quantity: str
    price: str
    rate: str
    net_fen: int
    tax_fen: int
    gross_fen: int


class Billed(msgspec.Struct, frozen=True):
    """A Nuonuo invoice. running_from_ms: when the present try began; fails: the present try ends in status 22."""

    order_no: str
    serial: str
    fiscal_number: str
    title: str
    buyer_tax_number: str
    seller_tax_number: str
    clerk: str
    remark: str
    net_fen: int
    tax_fen: int
    total_fen: int
    lines: tuple[BilledLine, ...]
    file_key: str
    created_at_ms: int
    running_from_ms: int
    fails: bool = False
    retry_days: tuple[str, ...] = ()
    duplicates_refused: int = 0
