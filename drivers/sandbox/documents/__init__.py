"""The documents of a sandbox invoice: PDF, OFD and XML with the invoice's facts, each marked MOCK.

They are made anew at each download from the same facts, byte for byte the same.
"""

from __future__ import annotations

from drivers.sandbox.documents.einvoice_xml import xml_document
from drivers.sandbox.documents.layout import lay_out
from drivers.sandbox.documents.ofd import ofd_document
from drivers.sandbox.documents.pdf import pdf_document
from drivers.sandbox.records import Billed


def document(billed: Billed, form: str) -> tuple[bytes, str]:
    """The document in one form (``pdf``, ``ofd``, ``xml``) and its media type."""
    if form == "pdf":
        return pdf_document(lay_out(billed), billed.fiscal_number), "application/pdf"
    if form == "ofd":
        return ofd_document(lay_out(billed), billed), "application/ofd"
    return xml_document(billed), "application/xml"
