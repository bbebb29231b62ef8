"""The invoice's data as XML, in the elements the tax authority's e-invoice files use, with a mark that it is none."""

from __future__ import annotations

from decimal import Decimal
from xml.sax.saxutils import escape

from drivers.sandbox.clock import beijing
from drivers.sandbox.nuonuo_invoices import issued_at_ms, qr_text, yuan
from drivers.sandbox.records import Billed, BilledLine


def xml_document(billed: Billed) -> bytes:
    """UTF-8; the same facts give the same bytes."""
    issued = f"{beijing(issued_at_ms(billed)):%Y-%m-%d %H:%M:%S}"
    items = "".join(_item(line) for line in billed.lines)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<EInvoice><Header>'
        + _element("EIid", billed.fiscal_number)
        + _element("Version", "0.2")
        + "</Header><EInvoiceData><SellerInformation>"
        + _element("SellerIdNum", billed.seller_tax_number)
        + _element("SellerName", "沙箱测试门店")
        + "</SellerInformation><BuyerInformation>"
        + _element("BuyerIdNum", billed.buyer_tax_number)
        + _element("BuyerName", billed.title)
        + "</BuyerInformation><BasicInformation>"
        + _element("TotalAmWithoutTax", yuan(billed.net_fen))
        + _element("TotalTaxAm", yuan(billed.tax_fen))
        + _element("TotalTax-includedAmount", yuan(billed.total_fen))
        + _element("Drawer", billed.clerk)
        + _element("RequestTime", issued)
        + "</BasicInformation>"
        + items
        + "<AdditionalInformation>"
        + _element("Remark", billed.remark)
        + "</AdditionalInformation></EInvoiceData><TaxSupervisionInfo>"
        + _element("InvoiceNumber", billed.fiscal_number)
        + _element("IssueTime", issued)
        + _element("CheckCode", "MOCK")
        + _element("QrCode", qr_text(billed))
        + "</TaxSupervisionInfo></EInvoice>\n"
    ).encode()


def _item(line: BilledLine) -> str:
    return (
        "<IssuItemInformation>"
        + _element("ItemName", line.name)
        + _element("SpecMod", line.spec)
        + _element("MeaUnits", line.unit)
        + _element("Quantity", line.quantity)
        + _element("UnPrice", line.price)
        + _element("Amount", yuan(line.net_fen))
        + _element("TaxRate", f"{Decimal(line.rate):f}")
        + _element("ComTaxAm", yuan(line.tax_fen))
        + _element("TotaltaxIncludedAmount", yuan(line.gross_fen))
        + _element("TaxClassificationCode", line.code)
        + "</IssuItemInformation>"
    )


def _element(name: str, text: str) -> str:
    kept = "".join(c for c in text if c >= " ")
    return f"<{name}>{escape(kept)}</{name}>"
