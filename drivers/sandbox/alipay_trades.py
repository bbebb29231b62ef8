"""Trades of the sandbox's Alipay: announced by the kiosk, brought into being by the phone that scans the code.

Rules from the Alipay documentation (alipay.trade.precreate, query, close, cancel): there is no trade before the scan,
so query and close say ACQ.TRADE_NOT_EXIST, while cancel answers 10000 without ``action`` and the code is dead; cancel
of a paid trade refunds it, within a day; TRADE_CLOSED is both "never paid" and "all refunded". A code lives two hours
or ``qr_code_timeout_express``; ``timeout_express`` runs from the scan. Not published, chosen here so that nobody can
rely on the kinder answer: a close before the scan leaves the code alive, and so does a repeated precreate.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from drivers.sandbox.alipay_words import (
    DAY_MS,
    LONGEST_SPAN_MS,
    Failed,
    beijing_text,
    fen,
    invalid,
    moment_ms,
    not_there,
    span_ms,
    text,
    yuan,
)
from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock, beijing
from drivers.sandbox.phone import Handled, NotPaid, Tender, check_tender
from drivers.sandbox.records import AlipayCode, AlipayRefund, AlipayTrade

CODE_PREFIX = "https://qr.alipay.com/"
CODE_LIFE_MS = 2 * 3_600_000
CANCEL_MS = DAY_MS
FINISHED_MS = 365 * DAY_MS
NUMBER = re.compile(r"[0-9A-Za-z_]{1,64}")
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
BUYER = {"buyer_logon_id": "gu***@sandbox.example", "buyer_user_id": "2088990000000001"}
BY_CANCEL = "撤销"


class AlipayTrades:
    """All methods run inside one unit of work of the books."""

    def __init__(self, books: Books, clock: SandboxClock) -> None:
        self._books = books
        self._clock = clock

    def precreate(self, body: Mapping[str, Any]) -> dict[str, object]:
        """Announce a trade, or announce it again; a code for it. Raises Failed."""
        now = self._clock.now_ms()
        number = text(body, "out_trade_no", 64)
        if not NUMBER.fullmatch(number):
            raise invalid("out_trade_no 格式错误")
        amount, subject = fen(body, "total_amount"), text(body, "subject", 256)
        hard_end = moment_ms(body, "time_expire")
        parameters = json.dumps(body, ensure_ascii=False, sort_keys=True)
        trade = self._books.get(AlipayTrade, number)
        if trade is None:
            trade = AlipayTrade(
                number=number,
                parameters=parameters,
                amount_fen=amount,
                subject=subject,
                precreated_at_ms=now,
                trade_life_ms=span_ms(body, "timeout_express", LONGEST_SPAN_MS),
                hard_end_ms=hard_end,
            )
        elif trade.parameters != parameters:
            raise Failed("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
        elif trade.paid_at_ms is not None:
            raise Failed("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        elif trade.cancelled_at_ms is not None or self.state(trade, now) == "TRADE_CLOSED":
            raise Failed("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        code = CODE_PREFIX + "bax" + "".join(secrets.choice(ALPHABET) for _ in range(21))
        ends = now + span_ms(body, "qr_code_timeout_express", CODE_LIFE_MS)
        ends = ends if hard_end is None else min(ends, hard_end)
        self._books.put(code, AlipayCode(code, number, ends))
        self._books.put(number, msgspec.structs.replace(trade, code=code, code_ends_ms=ends, creates=trade.creates + 1))
        return {"out_trade_no": number, "qr_code": code}

    def query(self, body: Mapping[str, Any], as_of_ms: int) -> dict[str, object]:
        """The trade as it stood at a time. Raises Failed."""
        trade = self.existing(body, as_of_ms)
        paid = trade.paid_at_ms is not None and trade.paid_at_ms <= as_of_ms
        given = trade.buyer_pay_fen if paid else 0
        answer: dict[str, object] = {
            **BUYER,
            "buyer_pay_amount": yuan(given),
            "invoice_amount": yuan(given),
            "out_trade_no": trade.number,
            "point_amount": "0.00",
            "receipt_amount": yuan(trade.amount_fen if paid else 0),
        }
        if paid and trade.paid_at_ms is not None:
            answer["send_pay_date"] = beijing_text(trade.paid_at_ms)
            answer["fund_bill_list"] = [
                {"amount": yuan(amount), "fund_channel": channel}
                for channel, amount in (("ALIPAYACCOUNT", given), ("COUPON", trade.amount_fen - given))
                if amount
            ]
        return answer | {
            "subject": trade.subject,
            "total_amount": yuan(trade.amount_fen),
            "trade_no": trade.trade_no,
            "trade_status": self.state(trade, as_of_ms),
        }

    def close(self, body: Mapping[str, Any]) -> dict[str, object]:
        """Close an unpaid trade. Raises Failed."""
        now = self._clock.now_ms()
        trade = self.existing(body, now)
        if self.state(trade, now) != "WAIT_BUYER_PAY":
            raise Failed("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        self._books.put(trade.number, msgspec.structs.replace(trade, closed_at_ms=now))
        return {"out_trade_no": trade.number, "trade_no": trade.trade_no}

    def cancel(self, body: Mapping[str, Any], *, poor: bool = False) -> dict[str, object]:
        """Call a trade off, whatever its state; ``action`` says what that did, and is missing where no trade was.

        poor: the seller's balance does not cover a refund. Raises Failed.
        """
        now = self._clock.now_ms()
        trade = self._found(body)
        if trade is None or trade.scanned_at_ms is None:
            if trade is not None and trade.cancelled_at_ms is None:
                self._books.put(trade.number, msgspec.structs.replace(trade, cancelled_at_ms=now))
            return {"out_trade_no": text(body, "out_trade_no", 64), "retry_flag": "N"}
        if trade.paid_at_ms is None:
            if self.state(trade, now) == "WAIT_BUYER_PAY":
                self._books.put(trade.number, msgspec.structs.replace(trade, closed_at_ms=now))
            action = "close"
        else:
            self._give_all_back(trade, now, poor=poor)
            action = "refund"
        return {"action": action, "out_trade_no": trade.number, "retry_flag": "N", "trade_no": trade.trade_no}

    def scan(self, code: str) -> Handled:
        """A phone reads a code and shows the amount: from now on there is a trade. Raises NotPaid, changes nothing."""
        trade = self._scanned(self._coded(code), code, late=False)
        self._books.put(trade.number, trade)
        return Handled("alipay", trade.number, trade.amount_fen, trade.trade_no)

    def pay(self, code: str, tender: Tender) -> Handled:
        """A phone pays the code it has read. Raises NotPaid and changes nothing."""
        trade = self._scanned(self._coded(code), code, late=tender.late)
        check_tender(tender, trade.amount_fen)
        paid = msgspec.structs.replace(
            trade, paid_at_ms=self._clock.now_ms(), buyer_pay_fen=trade.amount_fen - tender.coupon_fen
        )
        self._books.put(paid.number, paid)
        return Handled("alipay", paid.number, paid.amount_fen, paid.trade_no)

    def existing(self, body: Mapping[str, Any], as_of_ms: int) -> AlipayTrade:
        """The trade asked for, if somebody had scanned its code by then. Raises Failed."""
        trade = self._found(body)
        if trade is None or trade.scanned_at_ms is None or trade.scanned_at_ms > as_of_ms:
            raise not_there()
        return trade

    def refunds(self, number: str, as_of_ms: int) -> list[AlipayRefund]:
        """What has been given back of a trade by a time, oldest first."""
        return [r for r in self._books.all(AlipayRefund) if r.number == number and r.created_at_ms <= as_of_ms]

    def state(self, trade: AlipayTrade, at_ms: int) -> str:
        """The ``trade_status`` at a time; before the scan a word of our own, NOT_SCANNED or CANCELLED."""
        if trade.scanned_at_ms is None or trade.scanned_at_ms > at_ms:
            return "NOT_SCANNED" if trade.cancelled_at_ms is None else "CANCELLED"
        if trade.paid_at_ms is not None and trade.paid_at_ms <= at_ms:
            if sum(r.amount_fen for r in self.refunds(trade.number, at_ms)) == trade.amount_fen:
                return "TRADE_CLOSED"
            return "TRADE_FINISHED" if at_ms >= trade.paid_at_ms + FINISHED_MS else "TRADE_SUCCESS"
        if trade.closed_at_ms is not None and trade.closed_at_ms <= at_ms:
            return "TRADE_CLOSED"
        over = at_ms >= trade.scanned_at_ms + trade.trade_life_ms
        over = over or (trade.hard_end_ms is not None and at_ms >= trade.hard_end_ms)
        return "TRADE_CLOSED" if over else "WAIT_BUYER_PAY"

    def _found(self, body: Mapping[str, Any]) -> AlipayTrade | None:
        """By ``trade_no``, which goes first, or ``out_trade_no``. Raises Failed."""
        trade_no = text(body, "trade_no", 64, default="")
        if trade_no:
            return next((t for t in self._books.all(AlipayTrade) if t.trade_no == trade_no), None)
        return self._books.get(AlipayTrade, text(body, "out_trade_no", 64))

    def _coded(self, code: str) -> AlipayTrade:
        known = self._books.get(AlipayCode, code)
        trade = self._books.get(AlipayTrade, known.number) if known else None
        if trade is None:
            raise NotPaid(404, "CODE_UNKNOWN", "no order has this code")
        return trade

    def _scanned(self, trade: AlipayTrade, code: str, *, late: bool) -> AlipayTrade:
        """The trade with a phone on it, ready to be paid. Raises NotPaid."""
        now = self._clock.now_ms()
        if trade.paid_at_ms is not None:
            raise NotPaid(409, "ALREADY_PAID", "this order is paid already")
        known = self._books.get(AlipayCode, code)
        dead: NotPaid | None = None
        if trade.cancelled_at_ms is not None:
            dead = NotPaid(410, "CODE_DEAD", "this order was cancelled before anybody scanned it")
        elif self.state(trade, now) == "TRADE_CLOSED":
            dead = NotPaid(410, "ORDER_CLOSED", "this order is closed")
        elif trade.scanned_at_ms is None and (known is None or now >= known.ends_at_ms):
            dead = NotPaid(410, "CODE_EXPIRED", "this code has expired")
        if dead is not None and not late:
            raise dead
        if late and dead is None:
            raise NotPaid(409, "NOT_CLOSED", "only a closed order or a dead code can be paid late")
        if trade.scanned_at_ms is not None:
            return trade
        trade_no = f"{beijing(now):%Y%m%d}2200199999{self._books.next_number('alipay_trade'):010d}"
        return msgspec.structs.replace(trade, scanned_at_ms=now, trade_no=trade_no)

    def _give_all_back(self, trade: AlipayTrade, now: int, *, poor: bool) -> None:
        earlier = self.refunds(trade.number, now)
        if [r.reason for r in earlier] == [BY_CANCEL]:
            return
        if earlier:
            raise Failed("ACQ.REASON_TRADE_REFUND_FEE_ERR", "已经退款场景下不能再发起撤销")
        if now > trade.precreated_at_ms + CANCEL_MS:
            raise Failed("ACQ.TRADE_CANCEL_TIME_OUT", "超过撤销时间范围")
        if poor:
            raise Failed("ACQ.SELLER_BALANCE_NOT_ENOUGH", "商户的支付宝账户中无足够的资金进行撤销")
        self._books.put(
            f"{trade.number}/{trade.number}",
            AlipayRefund(trade.number, trade.number, trade.amount_fen, BY_CANCEL, now),
        )
