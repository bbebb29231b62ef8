"""Orders of the sandbox's WeChat Pay: placed by the kiosk, paid by a phone.

Rules from the WeChat Pay documentation (Native order, query, close): a repeated create with identical parameters gives
a fresh code and the older code dies; a code lives two hours; ``time_expire`` is the last moment to pay and does not
close the order; an unpaid order closes by itself after seven days. Where the documentation names no error code (a
different repeat, a create for a paid or closed order), the nearest published one is used.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec

from drivers.sandbox import faults as kinds
from drivers.sandbox.books import Books
from drivers.sandbox.clock import BEIJING, SandboxClock, beijing
from drivers.sandbox.phone import Handled, NotPaid, Tender, check_tender
from drivers.sandbox.records import Identity, Order, Refund, ShownCode

CODE_LIFE_MS = 2 * 3_600_000
ORDER_LIFE_MS = 7 * 86_400_000
LEAST_EXPIRY_MS = 60_000
NUMBER = re.compile(r"[0-9A-Za-z_\-*|]{6,32}")
ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Failed(Exception):  # noqa: N818  an answer of WeChat Pay
    """An error answer of WeChat Pay."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def param_error(message: str) -> Failed:
    """400 PARAM_ERROR."""
    return Failed(400, "PARAM_ERROR", message)


class WeChatOrders:
    """All methods run inside one unit of work of the books."""

    def __init__(self, books: Books, clock: SandboxClock, who: Identity) -> None:
        self._books = books
        self._clock = clock
        self._who = who

    def create(self, body: Mapping[str, Any], *, partner: bool = False) -> str:
        """Place or repeat an order; the code's text. partner: for a sub-merchant. Raises Failed."""
        now = self._clock.now_ms()
        number = text(body, "out_trade_no", 32)
        if not NUMBER.fullmatch(number):
            raise param_error("out_trade_no 格式错误")
        sub_mchid = self._checked_party(body, partner=partner)
        notify = urlsplit(text(body, "notify_url", 255))
        if notify.scheme != "https" or not notify.hostname or notify.query:
            raise param_error("notify_url 必须为https地址且不能携带参数")
        amount = whole(body, "total")
        description = text(body, "description", 127)
        expires = _expiry(body, now)
        parameters = json.dumps(body, ensure_ascii=False, sort_keys=True)
        order = self._books.get(Order, number)
        if order is None:
            order = Order(
                number=number,
                parameters=parameters,
                amount_fen=amount,
                description=description,
                created_at_ms=now,
                expires_at_ms=expires,
                code="",
                code_at_ms=now,
                creates=0,
                sub_mchid=sub_mchid,
                sub_appid=text(body, "sub_appid", 32) if partner and "sub_appid" in body else "",
            )
        elif order.parameters != parameters:
            raise Failed(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")
        elif order.paid_at_ms is not None:
            raise Failed(400, "ORDER_PAID", "该订单已支付")
        elif self.state(order, now) == "CLOSED":
            raise Failed(400, "ORDER_CLOSED", "该订单已关闭")
        code = "weixin://wxpay/bizpayurl?pr=" + "".join(secrets.choice(ALPHABET) for _ in range(9)) + "zz"
        self._books.put(code, ShownCode(code, number))
        self._books.put(number, msgspec.structs.replace(order, code=code, code_at_ms=now, creates=order.creates + 1))
        return code

    def found(self, number: str, sub_mchid: str, as_of_ms: int) -> Order:
        """That party's order as it stood at a time. Raises Failed (404)."""
        order = self._books.get(Order, number)
        if order is None or order.sub_mchid != sub_mchid or order.created_at_ms > as_of_ms:
            raise Failed(404, "ORDER_NOT_EXIST", "订单不存在")
        return order

    def query(self, number: str, sub_mchid: str, as_of_ms: int, fault: str = "") -> dict[str, object]:
        """The body of a query answer. Raises Failed."""
        order = self.found(number, sub_mchid, as_of_ms)
        state = self.state(order, as_of_ms)
        paid = state in ("SUCCESS", "REFUND")
        total = kinds.other_total(order.amount_fen) if fault == kinds.OTHER_TOTAL else order.amount_fen
        answer: dict[str, object] = {
            **self._parties(order),
            "out_trade_no": order.number,
            "trade_state": state,
            "trade_state_desc": {
                "NOTPAY": "订单未支付",
                "SUCCESS": "支付成功",
                "REFUND": "订单发生过退款",
                "CLOSED": "订单已关闭",
            }[state],
            "attach": "",
            "promotion_detail": [],
            "amount": {"total": total, "currency": "CNY", "payer_currency": "CNY"},
        }
        if paid and order.paid_at_ms is not None:
            answer |= {
                "transaction_id": order.transaction_id,
                "trade_type": "NATIVE",
                "bank_type": "OTHERS",
                "success_time": beijing(order.paid_at_ms).isoformat(),
                "payer": {"sp_openid" if order.sub_mchid else "openid": "oSandboxCustomer0000000000001"},
                "amount": {
                    "total": total,
                    "payer_total": order.payer_total_fen,
                    "currency": "CNY",
                    "payer_currency": "CNY",
                },
            }
        return answer

    def close(self, number: str, sub_mchid: str) -> None:
        """Close an unpaid order. Raises Failed."""
        now = self._clock.now_ms()
        order = self.found(number, sub_mchid, now)
        if order.paid_at_ms is not None:
            raise Failed(400, "ORDER_PAID", "该订单已支付")
        if self.state(order, now) == "CLOSED":
            raise Failed(400, "ORDER_CLOSED", "该订单已关闭")
        self._books.put(number, msgspec.structs.replace(order, closed_at_ms=now))

    def scan(self, code: str) -> Handled:
        """A phone reads a code and shows the amount; the order stays as it is. Raises NotPaid."""
        order = self._payable(code, late=False)
        return Handled("wechat", order.number, order.amount_fen, "")

    def pay(self, code: str, tender: Tender) -> Handled:
        """A phone pays the code it has read. Raises NotPaid and changes nothing."""
        now = self._clock.now_ms()
        order = self._payable(code, late=tender.late)
        check_tender(tender, order.amount_fen)
        transaction_id = f"4200009999{beijing(now):%Y%m%d}{self._books.next_number('transaction'):010d}"
        given = order.amount_fen - tender.coupon_fen
        self._books.put(
            order.number,
            msgspec.structs.replace(order, paid_at_ms=now, payer_total_fen=given, transaction_id=transaction_id),
        )
        return Handled("wechat", order.number, order.amount_fen, transaction_id)

    def _payable(self, code: str, *, late: bool) -> Order:
        """The order behind a code that can be paid now. Raises NotPaid."""
        now = self._clock.now_ms()
        shown = self._books.get(ShownCode, code)
        order = self._books.get(Order, shown.number) if shown else None
        if order is None:
            raise NotPaid(404, "CODE_UNKNOWN", "no order has this code")
        if order.paid_at_ms is not None:
            raise NotPaid(409, "ALREADY_PAID", "this order is paid already")
        if order.code != code:
            raise NotPaid(410, "CODE_DEAD", "a newer code was made for this order; this one is dead")
        closed = self.state(order, now) == "CLOSED"
        if closed and not late:
            raise NotPaid(410, "ORDER_CLOSED", "this order is closed")
        if late and not closed:
            raise NotPaid(409, "NOT_CLOSED", "only a closed order can be paid late")
        if not late and (now >= order.expires_at_ms or now >= order.code_at_ms + CODE_LIFE_MS):
            raise NotPaid(410, "CODE_EXPIRED", "this code has expired")
        return order

    def state(self, order: Order, at_ms: int) -> str:
        """The ``trade_state`` of a Native order at a time."""
        if order.paid_at_ms is not None and order.paid_at_ms <= at_ms:
            refunds = [r for r in self._books.all(Refund) if r.number == order.number and r.created_at_ms <= at_ms]
            return "REFUND" if refunds else "SUCCESS"
        if order.closed_at_ms is not None and order.closed_at_ms <= at_ms:
            return "CLOSED"
        return "CLOSED" if at_ms >= order.created_at_ms + ORDER_LIFE_MS else "NOTPAY"

    def _checked_party(self, body: Mapping[str, Any], *, partner: bool) -> str:
        """The sub-merchant an order is for, empty for the merchant itself. Raises Failed."""
        prefix = "sp_" if partner else ""
        if text(body, f"{prefix}mchid", 32) != self._who.mchid:
            raise param_error("商户号与请求头不一致")
        if text(body, f"{prefix}appid", 32) != self._who.appid:
            raise Failed(400, "APPID_MCHID_NOT_MATCH", "AppID和mch_id不匹配")
        if partner and text(body, "sub_mchid", 32) != self._who.sub_mchid:
            raise Failed(403, "NO_AUTH", "特约商户未授权服务商")
        return self._who.sub_mchid if partner else ""

    def _parties(self, order: Order) -> dict[str, object]:
        if not order.sub_mchid:
            return {"appid": self._who.appid, "mchid": self._who.mchid}
        sub = {"sub_appid": order.sub_appid} if order.sub_appid else {}
        return {"sp_appid": self._who.appid, "sp_mchid": self._who.mchid, "sub_mchid": order.sub_mchid, **sub}


def text(body: Mapping[str, Any], name: str, limit: int) -> str:
    """A compulsory text field. Raises Failed."""
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise param_error(f"{name} 缺失或长度不符")
    return value


def whole(body: Mapping[str, Any], name: str) -> int:
    """A compulsory amount inside ``amount``: whole fen, at least 1, CNY. Raises Failed."""
    sent: object = body.get("amount")
    amount = cast("dict[str, object]", sent) if isinstance(sent, dict) else {}
    value = amount.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise param_error(f"amount.{name} 缺失或不是正整数")
    if amount.get("currency", "CNY") != "CNY":
        raise param_error("amount.currency 不支持")
    return value


def has_null(value: object) -> bool:
    """WeChat Pay refuses ``null`` anywhere in a body."""
    if isinstance(value, dict):
        return any(has_null(item) for item in cast("dict[str, object]", value).values())
    if isinstance(value, list):
        return any(has_null(item) for item in cast("list[object]", value))
    return value is None


def _expiry(body: Mapping[str, Any], now: int) -> int:
    """``time_expire``, by default in seven days; less than a minute away is silently raised to a minute."""
    sent = body.get("time_expire")
    if sent is None:
        return now + ORDER_LIFE_MS
    try:
        at = datetime.fromisoformat(sent) if isinstance(sent, str) else None
    except ValueError:
        at = None
    if at is None:
        raise param_error("time_expire 格式错误")
    at = at if at.tzinfo else at.replace(tzinfo=BEIJING)
    return max(int(at.timestamp() * 1000), now + LEAST_EXPIRY_MS)
