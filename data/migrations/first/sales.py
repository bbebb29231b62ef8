"""What holds a sale, its lines and tenders, its payment orders and refunds."""

from __future__ import annotations

from data.migrations.triggers import Rule, fixed, kept, lines, moving, once, refuse

LIVE = "('NEW', 'SENT', 'WAITING', 'CLOSING', 'UNKNOWN')"

SALE_FACTS = (
    "kind business_day operator ordered_at_ms list_total_fen total_fen invoice_wish customer_name customer_phone "
    "customer_phone_last4 customer_initials division_code division_text address"
)

SALE_ALL = "id serial state revision terminal opened_at_ms paid_at_ms done_at_ms cancelled_at_ms late " + SALE_FACTS

ORDER_FACTS = "number sale_id serial revision attempt tender_id channel amount_fen created_at_ms"

REFUND_FACTS = "number payment_order return_serial amount_fen reason operator created_at_ms"

NAMES = (
    # Splits the name into characters for the full-text index; revised sales are indexed again and found once.
    "CREATE TRIGGER sale_named AFTER UPDATE OF state ON sale WHEN NEW.state = 'ORDERED' AND OLD.state = 'DRAFT' "
    "AND NEW.customer_name <> '' BEGIN INSERT INTO sale_name (name, sale_id) "
    "WITH RECURSIVE spaced (at, text) AS (SELECT 1, '' UNION ALL "
    "SELECT at + 1, text || substr(NEW.customer_name, at, 1) || ' ' FROM spaced "
    "WHERE at <= length(NEW.customer_name)) SELECT text, NEW.id FROM spaced ORDER BY at DESC LIMIT 1; END"
)


def sale_rules() -> list[Rule]:
    unrefunded = (
        "EXISTS (SELECT 1 FROM payment_order AS o WHERE o.sale_id = NEW.id AND o.state IN ('PAID', 'PAID_LATE') "
        "AND o.amount_fen > (SELECT COALESCE(SUM(r.amount_fen), 0) FROM refund AS r "
        "WHERE r.payment_order = o.number AND r.state = 'DONE'))"
    )
    live = f"EXISTS (SELECT 1 FROM payment_order WHERE sale_id = NEW.id AND state IN {LIVE})"  # noqa: S608 - a constant
    settled = "(SELECT COALESCE(SUM(amount_fen), 0) FROM tender WHERE sale_id = NEW.id AND state = 'SETTLED')"
    unsettled = "EXISTS (SELECT 1 FROM tender WHERE sale_id = NEW.id AND state = 'OPEN')"
    free = f"NOT {live} AND NOT {unrefunded}"
    return [
        fixed("sale_identity", "sale", "id terminal opened_at_ms"),
        *once("sale", "serial paid_at_ms done_at_ms cancelled_at_ms"),
        fixed("sale_facts", "sale", SALE_FACTS, when="OLD.state <> 'DRAFT'"),
        fixed("sale_ended", "sale", SALE_ALL, when="OLD.state IN ('DONE', 'CANCELLED')"),
        refuse(
            "sale_revision",
            "UPDATE",
            "sale",
            "NEW.revision <> OLD.revision + (OLD.state = 'ORDERED' AND NEW.state = 'DRAFT')",
            "'sale: the revision rises by one when an ordered sale goes back to DRAFT, and only then'",
        ),
        moving(
            "sale_ordered",
            "sale",
            "ORDERED",
            "NEW.serial IS NOT NULL AND NEW.total_fen IS NOT NULL AND NEW.business_day IS NOT NULL AND "
            "NEW.ordered_at_ms IS NOT NULL AND NEW.total_fen = "
            "(SELECT SUM(price_fen) FROM sale_line WHERE sale_id = NEW.id)",
            "sale: ORDERED needs serial, day, time, lines, and a total that is their sum",
        ),
        moving("sale_reopened", "sale", "DRAFT", free, "sale: a payment order is not verified closed"),
        moving("sale_dropped", "sale", "CANCELLED", free, "sale: a payment order is live or not wholly refunded"),
        moving(
            "sale_paid",
            "sale",
            "PAID",
            f"NEW.paid_at_ms IS NOT NULL AND {settled} = NEW.total_fen AND NOT {unsettled}",
            "sale: PAID needs a time and tenders that settle the total",
        ),
        kept("sale"),
        *lines("sale_line", "sale", "id", "sale_id", ["DRAFT"]),
        fixed("tender_facts", "tender", "id sale_id revision kind amount_fen"),
        fixed("tender_ended", "tender", "state settled_at_ms", when="OLD.state <> 'OPEN'"),
        moving(
            "tender_settled",
            "tender",
            "SETTLED",
            "NEW.settled_at_ms IS NOT NULL AND NEW.amount_fen + (SELECT COALESCE(SUM(amount_fen), 0) FROM tender "
            "WHERE sale_id = NEW.sale_id AND state = 'SETTLED') <= "
            "(SELECT total_fen FROM sale WHERE id = NEW.sale_id AND state = 'ORDERED')",
            "tender: it settles an ORDERED sale, and tenders never exceed its total",
        ),
        kept("tender"),
        kept("sale_link"),
        fixed("sale_link_facts", "sale_link", "sale_id kind other other_key at_ms"),
    ]


def payment_rules() -> list[Rule]:
    return [
        refuse(
            "payment_order_fits",
            "INSERT",
            "payment_order",
            "NOT EXISTS (SELECT 1 FROM sale AS s JOIN tender AS t ON t.sale_id = s.id WHERE s.id = NEW.sale_id "
            "AND t.id = NEW.tender_id AND s.state = 'ORDERED' AND s.serial = NEW.serial "
            "AND s.revision = NEW.revision AND t.amount_fen = NEW.amount_fen)",
            "'payment_order: it needs an ORDERED sale of this serial and revision, and a tender of this amount'",
        ),
        fixed("payment_order_facts", "payment_order", ORDER_FACTS),
        *once("payment_order", "request expires_at_ms provider_number paid_at_ms"),
        fixed(
            "payment_order_paid",
            "payment_order",
            "state sent_at_ms answer watch_from_ms",
            when="OLD.state IN ('PAID', 'PAID_LATE')",
        ),
        moving(
            "payment_order_sent",
            "payment_order",
            "SENT",
            "NEW.request IS NOT NULL",
            "payment_order: its exact bytes are stored before the first one leaves",
        ),
        moving(
            "payment_order_cash",
            "payment_order",
            "PAID",
            "NEW.channel IN ('CASH', 'BANK')",
            "payment_order: only cash and bank are paid without being sent",
            source="NEW",
        ),
        *(
            moving(
                f"payment_order_{state.lower()}_proof",
                "payment_order",
                state,
                "NEW.paid_at_ms IS NOT NULL AND (NEW.channel IN ('CASH', 'BANK') OR "
                "(NEW.provider_number IS NOT NULL AND NEW.answer IS NOT NULL))",
                f"payment_order: {state} needs a time, the provider number and its verified answer",
            )
            for state in ("PAID", "PAID_LATE")
        ),
        kept("payment_order"),
        refuse(
            "refund_fits",
            "INSERT",
            "refund",
            "NEW.amount_fen + (SELECT COALESCE(SUM(amount_fen), 0) FROM refund "
            "WHERE payment_order = NEW.payment_order) > COALESCE((SELECT amount_fen FROM payment_order "
            "WHERE number = NEW.payment_order AND state IN ('PAID', 'PAID_LATE')), 0)",
            "'refund: the refunds of an order never exceed what was paid'",
        ),
        fixed("refund_facts", "refund", REFUND_FACTS),
        *once("refund", "request provider_number done_at_ms"),
        fixed("refund_ended", "refund", "state sent_at_ms answer", when="OLD.state IN ('DONE', 'ABNORMAL')"),
        kept("refund"),
    ]
