"""States and kinds as the screen says them: the canonical words, each with its tone."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from kiosk.i18n import mark, tr
from kiosk.services.views import (
    Channel,
    Copy,
    Invoice,
    InvoiceState,
    LineKind,
    PaymentOrderState,
    PrintJob,
    PrintJobState,
    RefundState,
    SaleState,
    SaleStep,
    VehicleCard,
)
from kiosk.widgets.frame import Tone

_CHANNELS: Final = {
    Channel.WECHAT: mark("微信"),
    Channel.ALIPAY: mark("支付宝"),
    Channel.CASH: mark("现金"),
    Channel.BANK: mark("银行卡"),
}
_KINDS: Final = {
    LineKind.VEHICLE: mark("整车"),
    LineKind.BATTERY: mark("电池"),
    LineKind.CHARGER: mark("充电器"),
    LineKind.ACCESSORY: mark("配件"),
    LineKind.SERVICE: mark("服务"),
    LineKind.DISCOUNT: mark("优惠"),
}
_CHEMISTRIES: Final = {
    "LEAD": mark("铅酸"),
    "LEAD_ACID": mark("铅酸"),
    "LFP": mark("磷酸铁锂"),
    "NMC": mark("三元锂"),
    "NCM": mark("三元锂"),
    "LMO": mark("锰酸锂"),
    "SODIUM": mark("钠离子"),
    "NA": mark("钠离子"),
}
_PAYMENTS: Final = {
    PaymentOrderState.NEW: (Tone.UNDER_WAY, mark("生成收款码")),
    PaymentOrderState.SENT: (Tone.UNDER_WAY, mark("生成收款码")),
    PaymentOrderState.WAITING: (Tone.UNDER_WAY, mark("待支付")),
    PaymentOrderState.CLOSING: (Tone.ATTENTION, mark("正在关闭")),
    PaymentOrderState.UNKNOWN: (Tone.ATTENTION, mark("未知")),
    PaymentOrderState.PAID: (Tone.GOOD, mark("已支付")),
    PaymentOrderState.CLOSED: (Tone.OFF, mark("已关闭")),
    PaymentOrderState.PAID_LATE: (Tone.ATTENTION, mark("晚到付款")),
}
_REFUNDS: Final = {
    RefundState.NEW: (Tone.PLAIN, mark("退款中")),
    RefundState.SENT: (Tone.PLAIN, mark("退款中")),
    RefundState.ACCEPTED: (Tone.PLAIN, mark("退款中")),
    RefundState.UNKNOWN: (Tone.ATTENTION, mark("退款未知")),
    RefundState.DONE: (Tone.GOOD, mark("已退款")),
    RefundState.ABNORMAL: (Tone.FAULT, mark("退款异常")),
}
_INVOICES: Final = {
    InvoiceState.NEW: (Tone.UNDER_WAY, mark("开票中")),
    InvoiceState.SENT: (Tone.UNDER_WAY, mark("开票中")),
    InvoiceState.ISSUING: (Tone.UNDER_WAY, mark("开票中")),
    InvoiceState.ISSUED: (Tone.GOOD, mark("已开票")),
    InvoiceState.FAILED: (Tone.FAULT, mark("开票失败")),
    InvoiceState.WITHDRAWN: (Tone.OFF, mark("未开票")),
}
_PRINTS: Final = {
    PrintJobState.QUEUED: (Tone.UNDER_WAY, mark("打印中")),
    PrintJobState.HELD: (Tone.ATTENTION, mark("等待打印机")),
    PrintJobState.SENDING: (Tone.UNDER_WAY, mark("打印中")),
    PrintJobState.SENT: (Tone.UNDER_WAY, mark("打印中")),
    PrintJobState.PRINTED: (Tone.GOOD, mark("已打印")),
    PrintJobState.UNCERTAIN: (Tone.ATTENTION, mark("待确认")),
    PrintJobState.CANCELLED: (Tone.OFF, mark("已取消")),
}
_CAUSES: Final = {
    "paper_out": mark("打印机缺纸：换纸后自动打印。"),
    "cover_open": mark("打印机盖子开着：合上后自动打印。"),
    "offline": mark("打印机离线：检查电源和连线，好了自动打印。"),
    "error": mark("打印机报错：请检查打印机，好了自动打印。"),
    "no_answer": mark("打印机没有应答：检查电源和连线，好了自动打印。"),
}
_SALES: Final = {
    SaleState.DRAFT: mark("填写中"),
    SaleState.ORDERED: mark("待支付"),
    SaleState.PAID: mark("已支付"),
    SaleState.DONE: mark("已完成"),
    SaleState.CANCELLED: mark("已取消"),
}
_STEPS: Final = {
    SaleStep.VEHICLE: mark("整车"),
    SaleStep.GOODS: mark("电池"),
    SaleStep.CUSTOMER: mark("客户"),
    SaleStep.PRICE: mark("结账"),
    SaleStep.COLLECT: mark("结账"),
}


def channel(one: Channel) -> str:
    """The name of a payment channel."""
    return tr(_CHANNELS[one])


def line_kind(kind: LineKind) -> str:
    """What a line of a sale is."""
    return tr(_KINDS[kind])


def payment_state(state: PaymentOrderState) -> tuple[Tone, str]:
    """A payment order's state."""
    tone, word = _PAYMENTS[state]
    return tone, tr(word)


def refund_state(state: RefundState) -> tuple[Tone, str]:
    """A refund's state."""
    tone, word = _REFUNDS[state]
    return tone, tr(word)


def invoice_state(invoice: Invoice | None) -> tuple[Tone, str]:
    """A blue invoice's state; no invoice is a state too."""
    if invoice is None:
        return Tone.OFF, tr("未开票")
    return invoice_word(invoice.state)


def invoice_word(state: InvoiceState) -> tuple[Tone, str]:
    """The word for a state of an invoice."""
    tone, word = _INVOICES.get(state, (Tone.UNDER_WAY, mark("开票中")))
    return tone, tr(word)


def print_cause(job: PrintJob) -> str:
    """Why a print job waits or is uncertain, and what to do; empty when there is nothing to say."""
    match job.state:
        case PrintJobState.UNCERTAIN:
            return tr("不知道是否打出来了，请看打印机出纸口。")
        case PrintJobState.HELD | PrintJobState.QUEUED | PrintJobState.SENDING | PrintJobState.SENT if job.error:
            cause = _CAUSES.get(job.error)
            return tr(cause) if cause else tr("打印机没有就绪，好了会自动打印。")
        case _:
            return ""


def print_word(state: PrintJobState) -> tuple[Tone, str]:
    """The word for a state of a print job."""
    tone, word = _PRINTS[state]
    return tone, tr(word)


def copy(one: Copy) -> str:
    """Whose copy of a slip."""
    return tr("商户联") if one is Copy.MERCHANT else tr("顾客联")


def saved(path: PurePath) -> str:
    """Where a saved file is, in words: who works here cannot open a folder, who looks after the machine can."""
    return tr("已保存到这台机器的导出文件夹，要拷走请找店长：{name}", name=path.name)


def sale_state(state: SaleState) -> str:
    """A sale's state."""
    return tr(_SALES[state])


def sale_step(step: SaleStep) -> str:
    """The step an open sale has reached."""
    return tr(_STEPS[step])


def vehicle_name(card: VehicleCard) -> str:
    """Brand and name; many names begin with the brand already."""
    return card.name if card.name.startswith(card.brand) else f"{card.brand} {card.name}"


def chemistry(code: str) -> str:
    """A battery chemistry as people say it; one without a word stays as the maker wrote it."""
    return tr(_CHEMISTRIES[code]) if code in _CHEMISTRIES else code
