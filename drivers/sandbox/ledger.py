"""Everything the sandbox holds, in one shape for all providers: what a script or an auditor compares the shop with."""

from __future__ import annotations

import msgspec

from drivers.sandbox.alipay import AlipayGateway
from drivers.sandbox.books import Books
from drivers.sandbox.clock import SandboxClock
from drivers.sandbox.faults import Faults
from drivers.sandbox.nuonuo import NuonuoGateway
from drivers.sandbox.nuonuo_invoices import issued_at_ms
from drivers.sandbox.records import AlipayRefund, AlipayTrade, Billed, Order, Refund
from drivers.sandbox.wechat import WeChatGateway

Row = dict[str, object]


class Ledger:
    """Orders, refunds and invoices as rows; states in the providers' own words."""

    def __init__(
        self,
        books: Books,
        clock: SandboxClock,
        faults: Faults,
        wechat: WeChatGateway,
        alipay: AlipayGateway,
        nuonuo: NuonuoGateway,
    ) -> None:
        self._books = books
        self._clock = clock
        self._faults = faults
        self._wechat = wechat
        self._alipay = alipay
        self._nuonuo = nuonuo

    def rows(self) -> dict[str, list[Row]]:
        """``{"orders": […], "refunds": […], "invoices": […]}``, oldest first."""
        with self._books.work():
            now = self._clock.now_ms()
            orders = [self._order(order, now) for order in self._books.all(Order)]
            orders += [self._trade(trade, now) for trade in self._books.all(AlipayTrade)]
            refunds = [self._refund(refund, now) for refund in self._books.all(Refund)]
            refunds += [self._money_back(refund) for refund in self._books.all(AlipayRefund)]
            return {
                "orders": sorted(orders, key=_created),
                "refunds": sorted(refunds, key=_created),
                "invoices": [self._invoice(billed, now) for billed in self._books.all(Billed)],
            }

    def _order(self, order: Order, now: int) -> Row:
        return {
            "channel": "wechat",
            "number": order.number,
            "state": self._wechat.orders.state(order, now),
            "amount_fen": order.amount_fen,
            "payer_total_fen": order.payer_total_fen if order.paid_at_ms is not None else None,
            "description": order.description,
            "code": order.code,
            "creates": order.creates,
            "created_at_ms": order.created_at_ms,
            "expires_at_ms": order.expires_at_ms,
            "paid_at_ms": order.paid_at_ms,
            "closed_at_ms": order.closed_at_ms,
            "provider_number": order.transaction_id or None,
            "sub_mchid": order.sub_mchid or None,
        }

    def _trade(self, trade: AlipayTrade, now: int) -> Row:
        return {
            "channel": "alipay",
            "number": trade.number,
            "state": self._alipay.trades.state(trade, now),
            "amount_fen": trade.amount_fen,
            "payer_total_fen": trade.buyer_pay_fen if trade.paid_at_ms is not None else None,
            "description": trade.subject,
            "code": trade.code,
            "creates": trade.creates,
            "created_at_ms": trade.precreated_at_ms,
            "expires_at_ms": trade.code_ends_ms,
            "scanned_at_ms": trade.scanned_at_ms,
            "paid_at_ms": trade.paid_at_ms,
            "closed_at_ms": trade.closed_at_ms if trade.cancelled_at_ms is None else trade.cancelled_at_ms,
            "provider_number": trade.trade_no or None,
        }

    def _refund(self, refund: Refund, now: int) -> Row:
        return {
            "channel": "wechat",
            "refund_number": refund.refund_number,
            "number": refund.number,
            "state": self._wechat.refunds.state(refund, now, self._faults.standing("wechat", "refund_query")),
            "amount_fen": refund.amount_fen,
            "reason": refund.reason,
            "requests": refund.requests,
            "created_at_ms": refund.created_at_ms,
            "provider_number": refund.refund_id,
        }

    def _money_back(self, refund: AlipayRefund) -> Row:
        return {
            "channel": "alipay",
            "refund_number": refund.refund_number,
            "number": refund.number,
            "state": self._alipay.refunds.state(self._faults.standing("alipay", "refund_query")),
            "amount_fen": refund.amount_fen,
            "reason": refund.reason,
            "requests": refund.requests,
            "created_at_ms": refund.created_at_ms,
            "provider_number": None,
        }

    def _invoice(self, billed: Billed, now: int) -> Row:
        status = self._nuonuo.invoices.status(billed, now)
        return {
            "provider": "nuonuo",
            "kind": "blue",
            "number": billed.order_no,
            "status": status,
            "provider_serial": billed.serial,
            "fiscal_number": billed.fiscal_number if status == "2" else None,
            "title": billed.title,
            "tax_number": billed.buyer_tax_number,
            "net_fen": billed.net_fen,
            "tax_fen": billed.tax_fen,
            "total_fen": billed.total_fen,
            "lines": [msgspec.to_builtins(line) for line in billed.lines],
            "created_at_ms": billed.created_at_ms,
            "issued_at_ms": issued_at_ms(billed) if status == "2" else None,
            "retries": len(billed.retry_days),
            "duplicates_refused": billed.duplicates_refused,
        }


def _created(row: Row) -> int:
    at = row["created_at_ms"]
    assert isinstance(at, int)
    return at
