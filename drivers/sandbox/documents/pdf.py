"""A page layout as a PDF 1.4 file (ISO 32000-1), small because its fonts are named, not embedded.

Latin text is set in Helvetica, one of the fonts every viewer has; the rest in a Chinese font the viewer finds or
replaces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from drivers.sandbox.documents.layout import HEIGHT_MM, WIDTH_MM, Page

POINT = 72 / 25.4  # points a millimetre
RUNS = re.compile(r"[ -~]+|[^ -~]+")


def pdf_document(pages: Sequence[Page], title: str) -> bytes:
    """The whole file; the same pages give the same bytes. ``title`` is ASCII."""
    first_page = 7
    kids = " ".join(f"{first_page + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light-UniGB-UTF16-H /Encoding /UniGB-UTF16-H"
        b" /DescendantFonts [4 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /W [1 95 500 814 939 500]"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor 5 0 R >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0"
        b" /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for at, page in enumerate(pages):
        content = _content(page)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH_MM * POINT:.2f} {HEIGHT_MM * POINT:.2f}]"
            f" /Resources << /Font << /F1 3 0 R /F2 6 0 R >> >> /Contents {first_page + 2 * at + 1} 0 R >>".encode()
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream")
    objects.append(f"<< /Title (MOCK {title}) /Producer (sandbox) >>".encode())
    return _file(objects)


def _content(page: Page) -> bytes:
    parts = ["0 g"]
    for block in page.blocks:
        y = HEIGHT_MM - block.y - block.height
        size = f"{block.width * POINT:.3f} {block.height * POINT:.3f}"
        parts.append(f"{block.x * POINT:.3f} {y * POINT:.3f} {size} re")
    if page.blocks:
        parts.append("f")
    parts.append("BT")
    for placed in page.texts:
        parts.append(f"1 0 0 1 {placed.x * POINT:.2f} {(HEIGHT_MM - placed.y) * POINT:.2f} Tm")
        for run in RUNS.findall(placed.text):
            font, shown = ("F2", _latin(run)) if run.isascii() else ("F1", f"<{run.encode('utf-16-be').hex().upper()}>")
            parts.append(f"/{font} {placed.size * POINT:.2f} Tf {shown} Tj")
    parts.append("ET")
    return "\n".join(parts).encode("ascii")


def _latin(run: str) -> str:
    return "(" + re.sub(r"([\\()])", r"\\\1", run) + ")"


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places: list[int] = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\n".encode()
    out += f"startxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
