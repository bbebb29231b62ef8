"""Peewee models, one file a family of tables. Read inside the store's threads only; written only through ``Tx``.

All of them are here by name, and are loaded when the first name is asked for: opening a store takes ``shop`` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.models.tables import (
        LINES,
        SYSTEM,
        TOLD,
        Activation,
        BatteryModel,
        Buyback,
        BuybackItem,
        ChargerModel,
        Clearing,
        ClearingRow,
        CodeRule,
        Compatibility,
        Customer,
        Enrolment,
        GoodsReturn,
        Invoice,
        InvoiceFile,
        InvoiceLine,
        Journal,
        Operator,
        Outbox,
        Outlet,
        PaymentOrder,
        PointsEntry,
        PriceChange,
        PrintJob,
        ProviderToken,
        Refund,
        ReturnLine,
        Row,
        Sale,
        SaleBan,
        SaleLine,
        SaleLink,
        Sequence,
        Setting,
        Shift,
        ShiftCount,
        StoreFact,
        Tender,
        Terminal,
        Unit,
        VehicleModel,
    )

__all__ = [
    "LINES",
    "SYSTEM",
    "TOLD",
    "Activation",
    "BatteryModel",
    "Buyback",
    "BuybackItem",
    "ChargerModel",
    "Clearing",
    "ClearingRow",
    "CodeRule",
    "Compatibility",
    "Customer",
    "Enrolment",
    "GoodsReturn",
    "Invoice",
    "InvoiceFile",
    "InvoiceLine",
    "Journal",
    "Operator",
    "Outbox",
    "Outlet",
    "PaymentOrder",
    "PointsEntry",
    "PriceChange",
    "PrintJob",
    "ProviderToken",
    "Refund",
    "ReturnLine",
    "Row",
    "Sale",
    "SaleBan",
    "SaleLine",
    "SaleLink",
    "Sequence",
    "Setting",
    "Shift",
    "ShiftCount",
    "StoreFact",
    "Tender",
    "Terminal",
    "Unit",
    "VehicleModel",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from data.models import tables

    found: object = getattr(tables, name)
    globals()[name] = found
    return found
