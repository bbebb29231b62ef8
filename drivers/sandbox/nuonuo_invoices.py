"""Invoices of the sandbox's Nuonuo: checked as the platform checks them, then issued in a second and a half.

Field rules and error codes from the Nuonuo open platform documentation of ``requestBillingNew``,
``queryInvoiceResult`` and ``reInvoice``. The codes for a retry of an issued or running invoice are not published;
``E9999`` with the published text stands in.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import msgspec

from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock, beijing
from drivers.sandbox.records import Billed, BilledLine, Identity

ISSUING_MS = 900
SIGNING_MS = 1_500
RETRIES_A_DAY = 20
MOST_LINES = 2_000
AMOUNT = re.compile(r"-?\d{1,12}(\.\d{1,2})?")
DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,8})?")
TAX_TOLERANCE_FEN = 6
CONTROL = frozenset(map(chr, [*range(32), 127]))
STATUS_TEXT = {"20": "开票中", "21": "开票成功签章中", "22": "开票失败", "2": "开票完成（最终状态）"}


class BillingError(Exception):
    """A business error of Nuonuo: its code and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NuonuoInvoices:
    """All methods run inside one unit of work of the books."""

    def __init__(self, books: Books, clock: SandboxClock, who: Identity) -> None:
        self._books = books
        self._clock = clock
        self._who = who

    def issue(self, body: Mapping[str, Any], *, fails: bool) -> dict[str, object]:
        """``requestBillingNew``: check and accept. ``fails``: this try will end in status 22. Raises BillingError."""
        sent: object = body.get("order")
        order = cast("dict[str, Any]", sent) if isinstance(sent, dict) else {}
        number = _text(order, "orderNo", 20)
        if _text(order, "salerTaxNum", 20) != self._who.tax_number:
            raise BillingError("E9302", "销方税号与授权税号不一致")
        if _text(order, "invoiceType", 1) != "1":
            raise BillingError("E9101", "开票类型错误：数电红字发票请走红字确认单")
        kind = _text(order, "invoiceLine", 2)
        if kind not in ("pc", "bs"):
            raise BillingError("E4000", "发票种类错误")
        try:
            datetime.strptime(_text(order, "invoiceDate", 19), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - a check of form
        except ValueError as error:
            raise BillingError("E4000", "invoiceDate 格式错误") from error
        buyer_tax_number = _text(order, "buyerTaxNum", 20, needed=kind == "bs")
        if _text(order, "naturalPersonFlag", 1, needed=False) not in ("", "0", "1"):
            raise BillingError("E4000", "naturalPersonFlag 错误")
        if _text(order, "pushMode", 2, needed=False) not in ("-1", "0", "1", "2", ""):
            raise BillingError("E4000", "pushMode 错误")
        lines = _lines(order.get("invoiceDetail"))
        title, clerk = _text(order, "buyerName", 100), _text(order, "clerk", 20)
        remark = _text(order, "remark", 200, needed=False)
        earlier = self._books.get(Billed, number)
        if earlier is not None:
            again = msgspec.structs.replace(earlier, duplicates_refused=earlier.duplicates_refused + 1)
            self._books.put(number, again)
            raise BillingError("E9106", "订单编号或流水号不能重复")
        now = self._clock.now_ms()
        position = self._books.next_number("invoice")
        billed = Billed(
            order_no=number,
            serial=f"{beijing(now):%y%m%d%H%M%S}{position:08d}",
            fiscal_number=f"2699{position:016d}",
            title=title,
            buyer_tax_number=buyer_tax_number,
            seller_tax_number=self._who.tax_number,
            clerk=clerk,
            remark=remark,
            net_fen=sum(line.net_fen for line in lines),
            tax_fen=sum(line.tax_fen for line in lines),
            total_fen=sum(line.gross_fen for line in lines),
            lines=lines,
            file_key=secrets.token_hex(12),
            created_at_ms=now,
            running_from_ms=now,
            fails=fails,
        )
        if billed.total_fen <= 0:
            raise BillingError("E4000", "价税合计必须大于0")
        self._books.put(number, billed)
        return {"invoiceSerialNum": billed.serial}

    def query(self, body: Mapping[str, Any], as_of_ms: int, files_at: str) -> list[dict[str, object]]:
        """``queryInvoiceResult`` by serials or order numbers. files_at: address the documents are under."""
        serials, numbers = _names(body.get("serialNos")), _names(body.get("orderNos"))
        if not serials and not numbers:
            raise BillingError("E9611", "流水号和订单号不能同时为空")
        if len(serials or numbers) > 50:
            raise BillingError("E4000", "一次最多查询50张发票")
        known = [billed for billed in self._books.all(Billed) if billed.created_at_ms <= as_of_ms]
        wanted = [b for b in known if (b.serial in serials if serials else b.order_no in numbers)]
        if not wanted:
            raise BillingError("E9500", "发票不存在")
        detail = body.get("isOfferInvoiceDetail") == "1"
        return [self._row(billed, as_of_ms, files_at, detail=detail) for billed in wanted]

    def retry(self, body: Mapping[str, Any], *, fails: bool) -> None:
        """``reInvoice``: start a failed invoice again under its own numbers. Raises BillingError."""
        serial, number = str(body.get("fpqqlsh") or ""), str(body.get("orderno") or "")
        found = [b for b in self._books.all(Billed) if serial in ("", b.serial) and number in ("", b.order_no)]
        if not (serial or number) or not found:
            raise BillingError("E9500", "发票不存在")
        billed = found[0]
        now = self._clock.now_ms()
        state = self.status(billed, now)
        if state == "2":
            raise BillingError("E9999", "发票已生成，无需再重试开票")
        if state != "22":
            raise BillingError("E9999", "开票中（重试中），请稍后查询")
        today = f"{beijing(now):%Y-%m-%d}"
        if billed.retry_days.count(today) >= RETRIES_A_DAY:
            raise BillingError("E9613", "重试次数超过当日上限")
        again = msgspec.structs.replace(
            billed, running_from_ms=now, fails=fails, retry_days=(*billed.retry_days, today)
        )
        self._books.put(billed.order_no, again)

    def issued(self, file_key: str) -> Billed | None:
        """The issued invoice behind a document's address, or None."""
        now = self._clock.now_ms()
        for billed in self._books.all(Billed):
            if secrets.compare_digest(billed.file_key, file_key):
                return billed if self.status(billed, now) == "2" else None
        return None

    def status(self, billed: Billed, at_ms: int) -> str:
        """20 issuing, 21 signing, then 2 done or 22 failed."""
        if at_ms < billed.running_from_ms:
            return "22"  # before its latest retry
        ran = at_ms - billed.running_from_ms
        if ran < ISSUING_MS:
            return "20"
        if billed.fails:
            return "22"
        return "21" if ran < SIGNING_MS else "2"

    def _row(self, billed: Billed, at_ms: int, files_at: str, *, detail: bool) -> dict[str, object]:
        state = self.status(billed, at_ms)
        row: dict[str, object] = {
            "serialNo": billed.serial,
            "orderNo": billed.order_no,
            "status": state,
            "statusMsg": STATUS_TEXT[state],
            "failCause": "电子税务局返回：开票失败（沙箱）" if state == "22" else "",
            "payerName": billed.title,
            "payerTaxNo": billed.buyer_tax_number,
            "salerTaxNum": billed.seller_tax_number,
            "clerk": billed.clerk,
            "remark": billed.remark,
            "exTaxAmount": yuan(billed.net_fen),
            "taxAmount": yuan(billed.tax_fen),
            "orderAmount": yuan(billed.total_fen),
            "invoiceCode": "",
        }
        if state == "2":
            place = f"{files_at}/{billed.file_key}"
            row |= {
                "invoiceNo": billed.fiscal_number,
                "allElectronicInvoiceNumber": billed.fiscal_number,
                "invoiceTime": issued_at_ms(billed),
                "qrCode": qr_text(billed),
                "pdfUrl": f"{place}.pdf",
                "ofdUrl": f"{place}.ofd",
                "xmlUrl": f"{place}.xml",
            }
        if detail:
            row["invoiceItems"] = [
                {
                    "itemName": line.name,
                    "itemCode": line.code,
                    "itemUnit": line.unit,
                    "itemNum": line.quantity,
                    "itemPrice": line.price,
                    "itemAmount": yuan(line.net_fen),
                    "itemTaxRate": line.rate,
                    "itemTaxAmount": yuan(line.tax_fen),
                    "isIncludeTax": "true",
                }
                for line in billed.lines
            ]
        return row


def issued_at_ms(billed: Billed) -> int:
    """When the invoice was, or will be, issued."""
    return billed.running_from_ms + SIGNING_MS


def qr_text(billed: Billed) -> str:
    """The text of the invoice's QR code, whose check value says that it is no invoice."""
    date = f"{beijing(issued_at_ms(billed)):%Y%m%d}"
    return f"01,32,,{billed.fiscal_number},{yuan(billed.total_fen)},{date},,MOCK"


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _lines(sent: object) -> tuple[BilledLine, ...]:
    details = cast("list[object]", sent) if isinstance(sent, list) else []
    if not details:
        raise BillingError("E9122", "发票明细不能为空")
    if len(details) > MOST_LINES:
        raise BillingError("E4000", "发票明细行数超限")
    lines: list[BilledLine] = []
    before: Mapping[str, Any] = {}
    for item in details:
        if not isinstance(item, dict):
            raise BillingError("E4000", "发票明细格式错误")
        detail = cast("dict[str, Any]", item)
        lines.append(_line(detail, before))
        before = detail
    if before.get("invoiceLineProperty") == "2":
        raise BillingError("E9105", "被折扣行之后必须是折扣行")
    return tuple(lines)


def _line(detail: Mapping[str, Any], before: Mapping[str, Any]) -> BilledLine:
    name = _text(detail, "goodsName", 90)
    code = _text(detail, "goodsCode", 19, needed=False)
    if code and not re.fullmatch(r"\d{19}", code):
        raise BillingError("E9121", "商品编码错误")
    if _text(detail, "withTaxFlag", 1) not in ("0", "1"):
        raise BillingError("E4000", "withTaxFlag 错误")
    rate = _decimal(detail, "taxRate", 10)
    if rate is None or not 0 <= rate < 1:
        raise BillingError("E4000", "taxRate 错误")
    kind = _text(detail, "invoiceLineProperty", 1, needed=False) or "0"
    follows = before.get("invoiceLineProperty") == "2"
    same = (before.get("goodsName"), before.get("taxRate")) == (detail.get("goodsName"), detail.get("taxRate"))
    if kind not in ("0", "1", "2") or follows != (kind == "1") or (kind == "1" and not same):
        raise BillingError("E9105", "折扣行必须紧跟被折扣行，且名称与税率相同")
    number, price = _decimal(detail, "num", 16), _decimal(detail, "price", 16)
    if (number is None) != (price is None):
        raise BillingError("E4000", "数量和单价必须同时填写或同时为空")
    gross, net, tax = (_fen(detail, field) for field in ("taxIncludedAmount", "taxExcludedAmount", "tax"))
    if gross is None or net is None or tax is None:
        code_missing = "E9123" if number is None else "E4000"
        raise BillingError(code_missing, "含税金额、不含税金额、税额不能为空")
    if (gross < 0) != (kind == "1") or gross == 0:
        raise BillingError("E4000", "金额正负与行性质不符")
    if net + tax != gross:
        raise BillingError("E9130", "不含税金额加税额不等于含税金额")
    if abs(tax - net * rate) > TAX_TOLERANCE_FEN:
        raise BillingError("E9131", "税额误差超过0.06")
    if number is not None and price is not None:
        base = gross if detail.get("withTaxFlag") == "1" else net
        if abs(number * price * 100 - base) > 1:
            raise BillingError("E4000", "单价乘以数量不等于金额")
    return BilledLine(
        name=name,
        code=code,
        spec=_text(detail, "specType", 40, needed=False),
        unit=_text(detail, "unit", 20, needed=False),
        quantity="" if number is None else str(detail["num"]),
        price="" if price is None else str(detail["price"]),
        rate=str(detail["taxRate"]),
        net_fen=net,
        tax_fen=tax,
        gross_fen=gross,
    )


def _text(fields: Mapping[str, Any], name: str, limit: int, *, needed: bool = True) -> str:
    """Every business value is a JSON string."""
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > limit or (needed and not value) or not CONTROL.isdisjoint(value):
        raise BillingError("E4000", f"{name} 缺失、超长或不是字符串")
    return value


def _decimal(fields: Mapping[str, Any], name: str, limit: int) -> Decimal | None:
    value = _text(fields, name, limit, needed=False)
    if not value:
        return None
    if not DECIMAL.fullmatch(value):
        raise BillingError("E4000", f"{name} 格式错误")
    return Decimal(value)


def _fen(fields: Mapping[str, Any], name: str) -> int | None:
    value = _text(fields, name, 16, needed=False)
    if not value:
        return None
    if not AMOUNT.fullmatch(value):
        raise BillingError("E4000", f"{name} 必须保留两位小数")
    try:
        return int(Decimal(value) * 100)
    except InvalidOperation as error:
        raise BillingError("E4000", f"{name} 格式错误") from error


def _names(sent: object) -> Sequence[str]:
    return (
        [name for name in cast("list[object]", sent) if isinstance(name, str) and name]
        if (isinstance(sent, list))
        else []
    )
