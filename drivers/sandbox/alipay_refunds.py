"""Refunds of the sandbox's Alipay.

Rules from the Alipay documentation (alipay.trade.refund, alipay.trade.fastpay.refund.query): a refund is known by its
``out_request_no``, which a part must have; the same request again answers ``fund_change`` N and moves nothing;
``refund_fee`` is the sum of everything given back so far; the query of a refund that never arrived, or is not through,
answers 10000 without ``refund_status``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from drivers.sandbox import faults as kinds
from drivers.sandbox.alipay_trades import BUYER, AlipayTrades
from drivers.sandbox.alipay_words import Failed, beijing_text, fen, invalid, text, yuan
from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock
from drivers.sandbox.records import AlipayRefund, AlipayTrade


class AlipayRefunds:
    """All methods run inside one unit of work of the books."""

    def __init__(self, books: Books, clock: SandboxClock, trades: AlipayTrades) -> None:
        self._books = books
        self._clock = clock
        self._trades = trades

    def request(self, body: Mapping[str, Any], fault: str = "") -> dict[str, object]:
        """Give money back, or be asked again. fault: see `drivers.sandbox.faults`. Raises Failed."""
        now = self._clock.now_ms()
        trade = self._trades.existing(body, now)
        amount, reason = fen(body, "refund_amount"), text(body, "refund_reason", 256, default="")
        number = text(body, "out_request_no", 64, default=trade.number)
        refund = self._books.get(AlipayRefund, f"{trade.number}/{number}")
        if refund is not None:
            if (refund.amount_fen, refund.reason) != (amount, reason):
                raise Failed("ACQ.DISCORDANT_REPEAT_REQUEST", "不一致的请求")
            refund = msgspec.structs.replace(refund, requests=refund.requests + 1)
            moved = False
        else:
            if "out_request_no" not in body and amount != trade.amount_fen:
                raise invalid("部分退款必须传入 out_request_no")
            self._check(trade, amount, now, fault)
            refund = AlipayRefund(trade.number, number, amount, reason, now)
            moved = fault != kinds.PROCESSING
        self._books.put(f"{trade.number}/{number}", refund)
        return {
            **BUYER,
            "fund_change": "Y" if moved else "N",
            "gmt_refund_pay": beijing_text(refund.created_at_ms),
            "out_trade_no": trade.number,
            "refund_fee": yuan(sum(r.amount_fen for r in self._trades.refunds(trade.number, now))),
            "send_back_fee": yuan(amount if moved else 0),
            "trade_no": trade.trade_no,
        }

    def query(self, body: Mapping[str, Any], as_of_ms: int, fault: str = "") -> dict[str, object]:
        """The refund as it stood at a time. Raises Failed."""
        trade = self._trades.existing(body, as_of_ms)
        number = text(body, "out_request_no", 64)
        refund = self._books.get(AlipayRefund, f"{trade.number}/{number}")
        answer: dict[str, object] = {"out_request_no": number, "out_trade_no": trade.number, "trade_no": trade.trade_no}
        if refund is None or refund.created_at_ms > as_of_ms or self.state(fault) != "REFUND_SUCCESS":
            return answer
        if "gmt_refund_pay" in cast("list[object]", body.get("query_options") or []):  # told on request only
            answer["gmt_refund_pay"] = beijing_text(refund.created_at_ms)
        return answer | {
            "refund_amount": yuan(refund.amount_fen),
            "refund_reason": refund.reason,
            "refund_status": "REFUND_SUCCESS",
            "send_back_fee": yuan(refund.amount_fen),
            "total_amount": yuan(trade.amount_fen),
        }

    @staticmethod
    def state(fault: str = "") -> str:
        """Done at once, unless a fault holds it."""
        return "REFUND_PROCESSING" if fault == kinds.PROCESSING else "REFUND_SUCCESS"

    def _check(self, trade: AlipayTrade, amount: int, now: int, fault: str) -> None:
        match self._trades.state(trade, now):
            case "TRADE_SUCCESS":
                pass
            case "TRADE_FINISHED":
                raise Failed("ACQ.TRADE_HAS_FINISHED", "交易已经完结")
            case "TRADE_CLOSED" if trade.paid_at_ms is not None:
                raise Failed("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
            case _:
                raise Failed("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        if sum(r.amount_fen for r in self._trades.refunds(trade.number, now)) + amount > trade.amount_fen:
            raise Failed("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")
        if fault == kinds.NOT_ENOUGH:
            raise Failed("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")
        if fault == kinds.ABNORMAL:
            raise Failed("ACQ.TRADE_NOT_ALLOW_REFUND", "当前交易不允许退款")
