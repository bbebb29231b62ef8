"""Every refusal as one sentence: what cannot be done, why, and what to do instead.

The Chinese sentences all begin with 不能; the other languages say the same thing in their own order.
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len, set_cell_size

from kiosk import i18n
from kiosk.i18n import mark, tr
from kiosk.rules.refusals import Reason, Refusal
from kiosk.services.views import SaleStep

SENTENCES: Final[dict[Reason, str]] = {
    Reason.MALFORMED_CODE: mark("不能使用 {code}：不是完整的{kind}，请核对后重来。"),
    Reason.UNKNOWN_CODE: mark("不能使用 {code}：系统里没有这个码，请核对标签后重扫。"),
    Reason.UNKNOWN_VEHICLE: mark("不能销售 {code}：这辆车不在本店库存，请核对车架上的编码。"),
    Reason.UNKNOWN_BATTERY: mark("不能使用 {code}：这块电池不在本店库存，请核对标签。"),
    Reason.UNKNOWN_CHARGER: mark("不能使用 {code}：没有这个型号的充电器，请核对标签。"),
    Reason.WRONG_KIND: mark("不能使用 {code}：这是{kind}，现在需要{expected}。"),
    Reason.DUPLICATE_CODE: mark("不能重复添加 {code}：它已经在本单里了。"),
    Reason.SECOND_VEHICLE: mark("不能添加第二辆车 {code}：一单只卖一辆，请先完成或挂起本单。"),
    Reason.ALREADY_SOLD: mark("不能销售 {code}：它已经售出，可在销售单里查询。"),
    Reason.RESERVED_ELSEWHERE: mark("不能使用 {code}：它在另一张未完成的销售单里，请到取单里查看。"),
    Reason.SALE_BANNED: mark("不能销售 {code}：{goods}，{since} 起禁止销售。"),
    Reason.SCAN_UNREADABLE: mark("不能识别这次扫描：有无法使用的字符，请擦净标签重扫。"),
    Reason.SCAN_TORN: mark("不能采用：扫码没有读完整，请重扫。"),
    Reason.PAYMENT_CODE: mark("不能扫顾客的付款码收款：请顾客用手机扫本店屏幕上的收款码。"),
    Reason.TYPED_TWICE_DIFFERS: mark(
        "不能采用：两次输入不一致，第 {place} 位起是 {first} 和 {second}，请重填「再输一次」。"
    ),
    Reason.TYPE_AGAIN: mark("不能采用：手工输入的编码要输两遍，请填写「再输一次」。"),
    Reason.NO_VEHICLE: mark("不能开始：还没有车辆，请先扫描整车编码。"),
    Reason.NO_COLOUR: mark("不能开始：还没有选颜色，请点选一种颜色。"),
    Reason.UNKNOWN_COLOUR: mark("不能选择{colour}：这个车型没有这种颜色。"),
    Reason.INCOMPATIBLE_BATTERY: mark("不能使用电池 {code}：与 {vehicle_model} 不匹配（{why}），请换一块。"),
    Reason.WRONG_CHARGER: mark("不能使用充电器 {code}：与 {vehicle_model} 不匹配（{why}），请换一个。"),
    Reason.BATTERIES_MISSING: mark("不能进入下一步：电池需要 {need} 块，现在有 {have} 块，请继续扫描电池码。"),
    Reason.TOO_MANY_BATTERIES: mark("不能再添加电池 {code}：这辆车只需要 {need} 块。"),
    Reason.CHARGER_MISSING: mark("不能进入下一步：还没有充电器，请扫描充电器码。"),
    Reason.SECOND_CHARGER: mark("不能再添加充电器 {code}：这辆车只配一个。"),
    Reason.PAIRING_REASON_MISSING: mark("不能进入下一步：{code} 没有厂家匹配声明，请先填写配对原因。"),
    Reason.CUSTOMER_INCOMPLETE: mark("不能提交：还缺{missing}，请填写。"),
    Reason.NAME_MISSING: mark("不能提交：请填写顾客姓名。"),
    Reason.PHONE_MISSING: mark("不能提交：请填写手机号码。"),
    Reason.PHONE_INVALID: mark("不能使用这个手机号码：应为 1 开头的 11 位数字，请核对。"),
    Reason.DIVISION_MISSING: mark("不能提交：请输入行政区划并从列表里选一个。"),
    Reason.DIVISION_UNKNOWN: mark("不能确定行政区划「{text}」：请从列表里选一个。"),
    Reason.ADDRESS_MISSING: mark("不能提交：请填写详细地址。"),
    Reason.TEXT_TOO_LONG: mark("不能保存：文字太长（{length} 字），最多 {limit} 字，请缩短。"),
    Reason.TEXT_MALFORMED: mark("不能使用这段文字：含有无法保存的字符，请重新输入。"),
    Reason.TAX_NUMBER_INVALID: mark("不能使用这个税号：校验不通过，请核对。"),
    Reason.AMOUNT_MISSING: mark("不能收款：请输入实际销售金额。"),
    Reason.AMOUNT_INVALID: mark("不能使用金额「{text}」：请输入金额，例如 2,999.00。"),
    Reason.BELOW_FLOOR: mark("不能低于底价：请改高实际销售金额。"),
    Reason.ABOVE_CEILING: mark("不能高于上限：请改低实际销售金额。"),
    Reason.NO_CHANNEL: mark("不能收款：还没有选收款渠道，请点选一个。"),
    Reason.CHANNEL_OFF: mark("不能用这个渠道收款：它没有开通，请选别的渠道。"),
    Reason.ORDER_LIVE: mark("不能改动：还有一笔收款没有结束，请等结果或取消收款。"),
    Reason.PAYMENT_UNKNOWN: mark("不能继续：收款结果未知，正在查询；查清之前不要再次收款。"),
    Reason.PAYMENT_REFUSED: mark("不能收款：支付平台拒绝（{message}），没有扣款，请重试或换渠道。"),
    Reason.ALREADY_PAID: mark("不能再次收款：本单已经支付。"),
    Reason.LATE_PAYMENT_OPEN: mark("不能继续：本单有一笔付款正在退回顾客，退完才能再收款。"),
    Reason.REFUND_UNPAID: mark("不能退款：这笔支付单没有收到钱。"),
    Reason.REFUND_TOO_MUCH: mark("不能退这么多：这笔付款还能退 ¥{left}，请改小金额。"),
    Reason.REFUND_TOO_MANY: mark("不能再退：一笔付款最多分 {limit} 次退。"),
    Reason.REFUND_TOO_OLD: mark("不能原路退款：付款已超过 {limit} 天，请用别的方式退给顾客。"),
    Reason.REFUND_REASON_MISSING: mark("不能退款：请填写原因。"),
    Reason.NOT_SIGNED_IN: mark("不能操作：请先登录。"),
    Reason.WRONG_PIN: mark("不能登录：操作员或 PIN 不对，请重试。"),
    Reason.ACCOUNT_LOCKED: mark("不能登录：尝试次数过多，请等 {left} 再试。"),
    Reason.ACCOUNT_DISABLED: mark("不能登录：这个操作员已停用，请联系店主。"),
    Reason.NOT_PERMITTED: mark("不能操作：您的角色没有这个权限，请找店长或店主。"),
    Reason.SALE_FROZEN: mark("不能修改：销售单已经提交收款，内容不再变动。"),
    Reason.SALE_PAID: mark("不能添加 {code}：本单已收款，请先按「{button}」，再扫下一辆车。"),
    Reason.SALE_NOT_FOUND: mark("不能打开：找不到这张销售单 {serial}。"),
    Reason.SALE_OPEN: mark("不能打开：屏幕上还有一张销售单，请先完成或挂单。"),
    Reason.WRONG_STEP: mark("不能在这一步这样做：请按屏幕上的提示操作。"),
    Reason.NUMBER_MALFORMED: mark("不能查询：{number} 不是完整的号码。"),
    Reason.INVOICE_SETTINGS_MISSING: mark("不能开票：缺少设置 {missing}，请联系店主。"),
    Reason.NO_INVOICE_FILE: mark("不能下载：发票文件还没有取到，稍后会自动取回。"),
    Reason.INVOICE_NOT_ISSUED: mark("不能下载：发票还没有开出，开出后即可下载。"),
    Reason.STORE_FULL: mark("不能继续：磁盘已满，请先清出空间或联系店主；已付的款照常入账。"),
    Reason.STORE_FAILED: mark("不能保存：存储介质读写出错，请联系支持；已保存的内容不受影响。"),
    Reason.TERMINAL_UNBOUND: mark("不能销售：本终端还没有绑定门店，请联系店主激活。"),
    Reason.CLOCK_INSANE: mark("不能收款：本机时间不对（{ours}），{against}是 {theirs}；校准后自动恢复。"),
    Reason.DATE_INVALID: mark("不能使用日期「{text}」：请按 2026-11-21 的样子输入。"),
    Reason.PRINTER_NOT_READY: mark("不能打印：{printer} 没有就绪（{why}），请检查。"),
}

FACTS: Final[dict[str, str]] = {
    "VEHICLE": mark("整车编码"),
    "BATTERY": mark("电池码"),
    "CHARGER": mark("充电器码"),
    "UNKNOWN": mark("编码"),
    "PROVIDER": mark("支付平台"),
    "name": mark("姓名"),
    "phone": mark("手机号码"),
    "division": mark("行政区划"),
    "address": mark("详细地址"),
    "JOURNAL": mark("最近的记录"),
    "PROGRAM": mark("程序日期"),
    "chemistry": mark("电池类型不同"),
    "voltage": mark("电压不同"),
    "declared": mark("厂家声明不可配对"),
}
"""Facts that are words of the program, not data: translated before they enter a sentence."""
_WORDED: Final = frozenset({"kind", "expected", "why", "against"})


TOO_EARLY: Final = mark("不能现在添加 {code}：请先选颜色，再按「开始捆绑」。")
WRONG_PIN_COUNTED: Final = mark("不能登录：操作员或 PIN 不对。第 {count} 次，再错 {left} 次将锁定 {lock} 秒。")
TOO_LATE: Final = mark("不能现在添加 {code}：电池和充电器已经确认，要改请按「上一步」。")


MOST_CELLS: Final = 24
"""What a sentence repeats of a code or a typed text: a whole battery code. A scanned URL is cut behind it."""
_ROOMIER: Final = {"goods": 60, "message": 36, "missing": 36}
_TIGHTER: Final = {"text": 12, "vehicle_model": 16}


def sentence(refusal: Refusal) -> str:
    """The sentence of `refusal` in the language in use; it fits the message line whatever was scanned or typed."""
    facts = {name: _told(name, value) for name, value in refusal.facts.items()}
    if refusal.reason is Reason.WRONG_STEP and facts.get("code"):
        return tr(TOO_EARLY if refusal.facts.get("step") == SaleStep.VEHICLE else TOO_LATE, **facts)
    if refusal.reason is Reason.SALE_BANNED and i18n.current() != i18n.SOURCE:
        facts["goods"] = facts.get("goods_en", "")
    if refusal.reason is Reason.CUSTOMER_INCOMPLETE:
        parts = refusal.facts.get("missing", "").split()
        facts["missing"] = tr("、").join(tr(FACTS.get(part, part)) for part in parts)
    if refusal.reason is Reason.ACCOUNT_LOCKED:
        facts["left"] = minutes(int(refusal.facts.get("seconds", "0")))
    if refusal.reason is Reason.WRONG_PIN and facts.get("left"):
        return tr(WRONG_PIN_COUNTED, **facts)
    return tr(SENTENCES.get(refusal.reason, SENTENCES[Reason.WRONG_STEP]), **facts)


def minutes(seconds: int) -> str:
    """A short time as people read it: 0:29, 15:00."""
    return f"{seconds // 60}:{seconds % 60:02d}"


def _told(name: str, value: str) -> str:
    """A fact as a sentence says it: a word of the program translated, data no longer than the line bears."""
    if name in _WORDED and value in FACTS:
        return tr(FACTS[value])
    most = _ROOMIER.get(name.removesuffix("_en"), _TIGHTER.get(name, MOST_CELLS))
    return value if cell_len(value) <= most else set_cell_size(value, most).rstrip() + "…"
