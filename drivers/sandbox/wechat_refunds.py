"""Refunds of the sandbox's WeChat Pay.

Rules from the WeChat Pay documentation (Refund, Query refund): 200 means accepted, not done; the same refund number
with the same parameters is the same refund; at most 50 refunds an order, within 365 days of payment, never more than
was paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from drivers.sandbox import faults as kinds
from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock, beijing
from drivers.sandbox.records import Order, Refund
from drivers.sandbox.wechat_orders import Failed, param_error, text, whole

PROCESSING_MS = 2_000
YEAR_MS = 365 * 86_400_000
MOST_PARTS = 50


class WeChatRefunds:
    """All methods run inside one unit of work of the books."""

    def __init__(self, books: Books, clock: SandboxClock) -> None:
        self._books = books
        self._clock = clock

    def request(self, body: Mapping[str, Any], fault: str = "") -> dict[str, object]:
        """Ask for a refund, or ask again. fault: see `drivers.sandbox.faults`. Raises Failed."""
        now = self._clock.now_ms()
        number = text(body, "out_trade_no", 32)
        refund_number = text(body, "out_refund_no", 64)
        reason = text(body, "reason", 80) if "reason" in body else ""
        amount, total = whole(body, "refund"), whole(body, "total")
        order = self._books.get(Order, number)
        if order is None or order.paid_at_ms is None or order.sub_mchid != body.get("sub_mchid", ""):
            raise Failed(404, "RESOURCE_NOT_EXISTS", "订单不存在或未支付")
        if total != order.amount_fen:
            raise param_error("订单金额与原订单不一致")
        refund = self._books.get(Refund, refund_number)
        if refund is not None:
            if (refund.number, refund.amount_fen, refund.reason) != (number, amount, reason):
                raise Failed(400, "INVALID_REQUEST", "退款单号已存在，参数与首次请求时不一致")
            refund = msgspec.structs.replace(refund, requests=refund.requests + 1)
        else:
            earlier = [r for r in self._books.all(Refund) if r.number == number]
            if now > order.paid_at_ms + YEAR_MS:
                raise Failed(400, "INVALID_REQUEST", "订单已超过可退款的最大期限")
            if len(earlier) >= MOST_PARTS:
                raise Failed(400, "INVALID_REQUEST", "部分退款次数超限")
            if sum(r.amount_fen for r in earlier) + amount > order.amount_fen:
                raise Failed(400, "INVALID_REQUEST", "申请退款金额超过可退金额")
            if fault == kinds.NOT_ENOUGH:
                raise Failed(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")
            given = sum(r.payer_refund_fen for r in earlier)
            whole_back = sum(r.amount_fen for r in earlier) + amount == order.amount_fen
            share = order.payer_total_fen * amount // order.amount_fen
            refund = Refund(
                refund_number=refund_number,
                refund_id=f"5030009999{beijing(now):%Y%m%d}{self._books.next_number('refund'):010d}",
                number=number,
                amount_fen=amount,
                payer_refund_fen=order.payer_total_fen - given if whole_back else share,
                reason=reason,
                created_at_ms=now,
            )
        self._books.put(refund_number, refund)
        return self._body(refund, order, now, fault)

    def query(self, refund_number: str, sub_mchid: str, as_of_ms: int, fault: str = "") -> dict[str, object]:
        """That party's refund as it stood at a time. Raises Failed."""
        refund = self._books.get(Refund, refund_number)
        order = self._books.get(Order, refund.number) if refund else None
        if refund is None or order is None or order.sub_mchid != sub_mchid or refund.created_at_ms > as_of_ms:
            raise Failed(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return self._body(refund, order, as_of_ms, fault)

    def state(self, refund: Refund, at_ms: int, fault: str = "") -> str:
        """PROCESSING for two seconds, then SUCCESS, or ABNORMAL while that fault stands."""
        if fault == kinds.PROCESSING or at_ms < refund.created_at_ms + PROCESSING_MS:
            return "PROCESSING"
        return "ABNORMAL" if fault == kinds.ABNORMAL else "SUCCESS"

    def _body(self, refund: Refund, order: Order, at_ms: int, fault: str) -> dict[str, object]:
        state = self.state(refund, at_ms, fault)
        body: dict[str, object] = {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.refund_number,
            "transaction_id": order.transaction_id,
            "out_trade_no": order.number,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": beijing(refund.created_at_ms).isoformat(),
            "status": state,
            "funds_account": "AVAILABLE",
            "amount": {
                "total": order.amount_fen,
                "refund": refund.amount_fen,
                "payer_total": order.payer_total_fen,
                "payer_refund": refund.payer_refund_fen,
                "settlement_total": order.payer_total_fen,
                "settlement_refund": refund.payer_refund_fen,
                "discount_refund": refund.amount_fen - refund.payer_refund_fen,
                "currency": "CNY",
            },
        }
        if state == "SUCCESS":
            body["success_time"] = beijing(refund.created_at_ms + PROCESSING_MS).isoformat()
        return body
