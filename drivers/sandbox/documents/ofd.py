"""A page layout as an OFD file (GB/T 33190-2016): a zip of OFD.xml, Document.xml, resources and one file a page."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

from drivers.sandbox.clock import beijing
from drivers.sandbox.documents.einvoice_xml import xml_document
from drivers.sandbox.documents.layout import HEIGHT_MM, WIDTH_MM, Page
from drivers.sandbox.nuonuo_invoices import issued_at_ms
from drivers.sandbox.records import Billed

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'
FONT = 2


def ofd_document(pages: Sequence[Page], billed: Billed) -> bytes:
    """The whole file; the same facts give the same bytes. The original XML is attached, as the platform does."""
    bodies: list[str] = []
    used = FONT + 1 + len(pages)
    for page in pages:
        body, used = _page(page, used)
        bodies.append(body)
    attachment = used + 1
    files = {
        "OFD.xml": (
            f'{HEAD}<ofd:OFD {SPACE} Version="1.1" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
            f"<ofd:DocID>{billed.file_key.ljust(32, '0')}</ofd:DocID>"
            f"<ofd:Title>MOCK {billed.fiscal_number}</ofd:Title>"
            f"<ofd:CreationDate>{beijing(issued_at_ms(billed)):%Y-%m-%d}</ofd:CreationDate></ofd:DocInfo>"
            f"<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
        ),
        "Doc_0/Document.xml": (
            f"{HEAD}<ofd:Document {SPACE}><ofd:CommonData><ofd:MaxUnitID>{attachment}</ofd:MaxUnitID>"
            f"<ofd:PageArea><ofd:PhysicalBox>0 0 {WIDTH_MM:g} {HEIGHT_MM:g}</ofd:PhysicalBox></ofd:PageArea>"
            "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData><ofd:Pages>"
            + "".join(
                f'<ofd:Page ID="{FONT + 1 + at}" BaseLoc="Pages/Page_{at}/Content.xml"/>' for at in range(len(pages))
            )
            + "</ofd:Pages><ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments></ofd:Document>"
        ),
        "Doc_0/PublicRes.xml": (
            f'{HEAD}<ofd:Res {SPACE} BaseLoc="Res"><ofd:Fonts>'
            f'<ofd:Font ID="{FONT}" FontName="宋体" FamilyName="宋体"/></ofd:Fonts></ofd:Res>'
        ),
        "Doc_0/Attachs/Attachments.xml": (
            f'{HEAD}<ofd:Attachments {SPACE}><ofd:Attachment ID="{attachment}" Name="original_invoice" Format="xml"'
            ' Visible="false"><ofd:FileLoc>original_invoice.xml</ofd:FileLoc></ofd:Attachment></ofd:Attachments>'
        ),
        "Doc_0/Attachs/original_invoice.xml": xml_document(billed).decode(),
    }
    files |= {f"Doc_0/Pages/Page_{at}/Content.xml": body for at, body in enumerate(bodies)}
    stamp = beijing(issued_at_ms(billed)).timetuple()[:6]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, body.encode())
    return out.getvalue()


def _page(page: Page, used: int) -> tuple[str, int]:
    """One page's XML and the last object number it used."""
    parts: list[str] = []
    used += 1
    layer = used
    for block in page.blocks:
        used += 1
        parts.append(
            f'<ofd:PathObject ID="{used}" Boundary="{block.x:.3f} {block.y:.3f} {block.width:.3f} {block.height:.3f}"'
            f' Stroke="false" Fill="true"><ofd:AbbreviatedData>M 0 0 L {block.width:.3f} 0 L {block.width:.3f}'
            f" {block.height:.3f} L 0 {block.height:.3f} C</ofd:AbbreviatedData></ofd:PathObject>"
        )
    for placed in page.texts:
        used += 1
        steps = [placed.size if ord(character) > 0xFF else placed.size / 2 for character in placed.text]
        delta = " ".join(f"{step:g}" for step in steps[:-1])
        deltas = f' DeltaX="{delta}"' if delta else ""
        parts.append(
            f'<ofd:TextObject ID="{used}" Font="{FONT}" Size="{placed.size:g}"'
            f' Boundary="{placed.x:g} {placed.y - placed.size:g} {sum(steps):g} {placed.size * 1.3:g}">'
            f'<ofd:TextCode X="0" Y="{placed.size:g}"{deltas}>{escape(placed.text)}</ofd:TextCode></ofd:TextObject>'
        )
    body = (
        f'{HEAD}<ofd:Page {SPACE}><ofd:Content><ofd:Layer ID="{layer}" Type="Body">'
        + "".join(parts)
        + "</ofd:Layer></ofd:Content></ofd:Page>"
    )
    return body, used
