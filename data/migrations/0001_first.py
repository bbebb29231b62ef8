"""The whole house: every document of every capability, with the triggers that hold its states and facts.

Raw DDL only: Peewee's table rebuilds lose STRICT and triggers.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from data.migrations.first.books import book_rules, journal_rules
from data.migrations.first.documents import invoice_rules, paper_rules, return_and_stock_rules
from data.migrations.first.sales import NAMES, payment_rules, sale_rules
from data.migrations.triggers import Rule, states, triggers, words
from data.states import INITIAL, MOVES, VOCABULARY


def _documents() -> list[Rule]:
    found: list[Rule] = []
    for document, arrows in MOVES.items():
        table, only = document, None
        if document in ("blue_invoice", "red_invoice"):
            table = "invoice"
            only = "{row}.kind = 'RED'" if document == "red_invoice" else "{row}.kind <> 'RED'"
        found += states(document, table, arrows, INITIAL[document], only)
    return found


def up(migrator: Any, db: Any) -> None:
    """Creates everything; runs inside one transaction of the migration runner."""
    del migrator
    tables = files("data.migrations") / "first"
    for name in ("10_shop.sql", "20_trade.sql", "30_books.sql"):
        db.execute_sql((tables / name).read_text(encoding="utf-8"))
    rules = [
        *_documents(),
        *words(VOCABULARY),
        *sale_rules(),
        *payment_rules(),
        *invoice_rules(),
        *return_and_stock_rules(),
        *paper_rules(),
        *book_rules(),
        *journal_rules(),
    ]
    for statement in (*triggers(rules), NAMES):
        db.execute_sql(statement)
