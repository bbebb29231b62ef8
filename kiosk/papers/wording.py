"""The words on paper, per language of the document.

Paper does not follow the language on the screen: a slip is printed in the language it was made for and a reprint says
the same. That is why these words are data beside the papers and not in the screen's catalogues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """Languages a paper can be printed in."""

    ZH = "zh"
    EN = "en"


def language_of(locale: str) -> Language:
    """The paper language for a locale name such as zh_CN or en; Chinese, the law's language here, for any other."""
    try:
        return Language(locale[:2].lower())
    except ValueError:
        return Language.ZH


@dataclass(frozen=True, slots=True)
class SaleSlipWords:
    """Every text of the sale slip that is not a fact; `{}` takes the fact."""

    title: str
    merchant_copy: str
    customer_copy: str
    duplicate: str
    first_printed: str
    phone: str
    serial: str
    time: str
    terminal: str
    operator: str
    goods: str
    amount: str
    included: str
    total: str
    channel: str
    state: str
    paid: str
    payment_number: str
    provider_number: str
    customer: str
    customer_phone: str
    signature: str
    journal: str
    keep: str
    thanks: str
    line_kinds: Mapping[str, str]
    code_labels: Mapping[str, str]
    channels: Mapping[str, str]


_ZH = SaleSlipWords(
    title="销售凭条",
    merchant_copy="商户联",
    customer_copy="顾客联",
    duplicate="重打印 第{}次",
    first_printed="首次打印 {}",
    phone="电话 {}",
    serial="流水号",
    time="交易时间",
    terminal="终端",
    operator="操作员",
    goods="商品",
    amount="金额(元)",
    included="已含",
    total="合计",
    channel="支付方式",
    state="支付状态",
    paid="已支付",
    payment_number="支付单号",
    provider_number="渠道单号",
    customer="顾客",
    customer_phone="手机号码",
    signature="顾客签名",
    journal="日志 {}",
    keep="请妥善保管本凭条，退换货、售后凭此办理",
    thanks="谢谢惠顾",
    line_kinds={
        "VEHICLE": "整车",
        "BATTERY": "电池",
        "CHARGER": "充电器",
        "ACCESSORY": "配件",
        "SERVICE": "服务",
        "DISCOUNT": "优惠",
    },
    code_labels={"VEHICLE": "整车编码", "BATTERY": "电池码", "CHARGER": "充电器码"},
    channels={
        "WECHAT": "微信支付",
        "ALIPAY": "支付宝",
        "CASH": "现金",
        "BANK": "银行卡",
        "TRADE_IN": "旧车抵扣",
        "CREDIT": "换货抵扣",
    },
)

_EN = SaleSlipWords(
    title="SALE SLIP",
    merchant_copy="Merchant copy",
    customer_copy="Customer copy",
    duplicate="DUPLICATE 重打印 No. {}",
    first_printed="First printed {}",
    phone="Phone {}",
    serial="Serial",
    time="Time",
    terminal="Terminal",
    operator="Operator",
    goods="Goods",
    amount="Amount CNY",
    included="included",
    total="TOTAL",
    channel="Paid by",
    state="Payment",
    paid="paid",
    payment_number="Order no.",
    provider_number="Channel no.",
    customer="Customer",
    customer_phone="Phone",
    signature="Signature",
    journal="Journal {}",
    keep="Please keep this slip: returns and service are handled against it",
    thanks="Thank you",
    line_kinds={
        "VEHICLE": "E-bike",
        "BATTERY": "Battery",
        "CHARGER": "Charger",
        "ACCESSORY": "Accessory",
        "SERVICE": "Service",
        "DISCOUNT": "Discount",
    },
    code_labels={"VEHICLE": "Vehicle code", "BATTERY": "Battery code", "CHARGER": "Charger code"},
    channels={
        "WECHAT": "WeChat Pay",
        "ALIPAY": "Alipay",
        "CASH": "Cash",
        "BANK": "Bank card",
        "TRADE_IN": "Trade-in",
        "CREDIT": "Credit",
    },
)

SALE_SLIP: Mapping[Language, SaleSlipWords] = {Language.ZH: _ZH, Language.EN: _EN}
