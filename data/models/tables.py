"""Every table's model, and which of them the journal tells."""

from __future__ import annotations

from data.models.base import Row
from data.models.buybacks import Buyback, BuybackItem
from data.models.catalogue import (
    BatteryModel,
    ChargerModel,
    CodeRule,
    Compatibility,
    PriceChange,
    SaleBan,
    VehicleModel,
)
from data.models.closings import Clearing, ClearingRow, Shift, ShiftCount
from data.models.customers import Customer, PointsEntry
from data.models.invoices import Invoice, InvoiceFile, InvoiceLine
from data.models.payments import PaymentOrder, Refund
from data.models.printing import PrintJob
from data.models.returns import GoodsReturn, ReturnLine
from data.models.sales import Sale, SaleLine, SaleLink, Tender
from data.models.shop import Activation, Enrolment, Operator, Outlet, Setting, StoreFact, Terminal
from data.models.stock import Unit
from data.models.system import Journal, Outbox, ProviderToken, Sequence

TOLD: tuple[type[Row], ...] = (
    StoreFact,
    Outlet,
    Terminal,
    Operator,
    Setting,
    Enrolment,
    Activation,
    VehicleModel,
    BatteryModel,
    ChargerModel,
    Compatibility,
    CodeRule,
    SaleBan,
    PriceChange,
    Unit,
    Customer,
    PointsEntry,
    Sale,
    Tender,
    SaleLink,
    PaymentOrder,
    Refund,
    Invoice,
    InvoiceFile,
    GoodsReturn,
    PrintJob,
    Buyback,
    Shift,
    Clearing,
)
"""Every table whose changes the journal tells, and against which it is replayed; lines are told by their parent."""

LINES: tuple[type[Row], ...] = (SaleLine, InvoiceLine, ReturnLine, BuybackItem, ShiftCount, ClearingRow)

SYSTEM: tuple[type[Row], ...] = (Journal, Outbox, Sequence, ProviderToken)
