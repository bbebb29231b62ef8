"""Where everything stands on a sandbox invoice: pages of 210 x 140 mm, origin at the top left."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.sandbox.clock import beijing
from drivers.sandbox.nuonuo_invoices import issued_at_ms, qr_text, yuan
from drivers.sandbox.records import Billed, BilledLine

WIDTH_MM = 210.0
HEIGHT_MM = 140.0
LINES_A_PAGE = 10
COLUMNS = ((8.0, "项目名称", 20), (72.0, "规格型号", 12), (100.0, "单位", 4), (112.0, "数量", 6), (126.0, "金额", 14),
           (156.0, "税率", 6), (174.0, "税额", 12))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placed:
    """One run of text; (x, y) is the start of its base line, mm; size in mm."""

    x: float
    y: float
    size: float
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A filled rectangle; (x, y) is its top left corner, mm."""

    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Page:
    """What is on one page."""

    texts: list[Placed] = field(default_factory=list[Placed])
    blocks: list[Block] = field(default_factory=list[Block])


def lay_out(billed: Billed) -> list[Page]:
    """As many pages as the lines need; the totals are on the last one."""
    chunks = [billed.lines[at : at + LINES_A_PAGE] for at in range(0, len(billed.lines), LINES_A_PAGE)]
    return [
        _page(billed, chunk, number, len(chunks), last=number == len(chunks))
        for number, chunk in enumerate(chunks, start=1)
    ]


def _page(billed: Billed, lines: tuple[BilledLine, ...], number: int, pages: int, *, last: bool) -> Page:
    page = Page()
    text = page.texts.append
    text(Placed(66, 14, 6, "电子发票（普通发票）"))
    text(Placed(66, 20, 3.2, "测试样张 MOCK 不作凭证"))
    text(Placed(142, 12, 3.2, f"发票号码：{billed.fiscal_number}"))
    text(Placed(142, 17, 3.2, f"开票日期：{beijing(issued_at_ms(billed)):%Y年%m月%d日}"))
    text(Placed(142, 22, 3.2, f"校验码：MOCK　第{number}/{pages}页"))
    text(Placed(8, 34, 3.2, f"购买方　名称：{_cut(billed.title, 24)}"))
    text(Placed(8, 39, 3.2, f"　　　　纳税人识别号：{billed.buyer_tax_number}"))
    text(Placed(110, 34, 3.2, "销售方　名称：沙箱测试门店"))
    text(Placed(110, 39, 3.2, f"　　　　纳税人识别号：{billed.seller_tax_number}"))
    for y in (28.0, 43.0, 49.0, 108.0, 118.0, 128.0):
        page.blocks.append(Block(6, y, 198, 0.2))
    for x, name, _ in COLUMNS:
        text(Placed(x, 47.2, 3.2, name))
    for row, line in enumerate(lines):
        y = 54 + row * 5.4
        cells = (line.name, line.spec, line.unit, line.quantity, yuan(line.net_fen), line.rate, yuan(line.tax_fen))
        for (x, _, limit), cell in zip(COLUMNS, cells, strict=True):
            text(Placed(x, y, 3, _cut(cell, limit)))
    if last:
        text(Placed(8, 114, 3.4, "合计"))
        text(Placed(126, 114, 3.4, f"¥{yuan(billed.net_fen)}"))
        text(Placed(174, 114, 3.4, f"¥{yuan(billed.tax_fen)}"))
        text(Placed(8, 124.5, 3.6, f"价税合计（小写）¥{yuan(billed.total_fen)}"))
        text(Placed(8, 133, 3, f"备注：{_cut(billed.remark, 60)}"))
        text(Placed(150, 137, 3, f"开票人：{billed.clerk}"))
    page.blocks += _qr(qr_text(billed), 8, 6, 20)
    return page


def _qr(text: str, x: float, y: float, side: float) -> list[Block]:
    import segno

    rows = [bytes(row) for row in segno.make(text, micro=False, boost_error=False, error="m").matrix]
    module = side / len(rows)
    return [
        Block(x + column * module, y + line * module, module, module)
        for line, row in enumerate(rows)
        for column, dark in enumerate(row)
        if dark
    ]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
