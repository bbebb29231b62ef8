"""Peer check: emupos 0.4.0, an ESC/POS emulator that is not ours, judges the slip and the driver.

    python3.13 -m venv V && V/bin/pip install emupos==0.4.0 zxing-cpp
    PYTHONPATH=<repository> V/bin/python tests/peers/peer_emupos.py

emupos has no Kanji mode: it takes `FS &` and `FS .` without an error and prints each byte as one 12-dot cell. Widths
are therefore exact as it is; to read the Chinese text as well, `WithKanji` adds the pairing of bytes to its own print
model (tokenizer, wrapping, alignment, cut and text dump stay emupos's). It also lacks `GS ( H` (process id) and
`GS ( D` (disable the drawer pulse): these two, and nothing else, may be reported as unknown, and only where named.
Exit 0 when every check holds.
"""

from __future__ import annotations

import asyncio
import io
import pathlib
import sys
from dataclasses import replace

import emupos
import yaml
import zxingcpp
from emupos.config import PrinterProfile
from emupos.events import EventType
from emupos.printer import printer as emupos_printer
from emupos.printer.escpos.model import PrintModel
from emupos.printer.escpos.tokenizer import Command
from emupos.printer.printer import Printer, PrinterFault
from PIL import Image

from drivers.printers.base import Align, Document, Fault, Text, Tier
from drivers.printers.escpos import NO_REAL_TIME_PULSE, encode
from drivers.printers.links import TcpLink
from drivers.printers.printer import EscPosPrinter, Timings
from drivers.printers.profiles import Charset, Profile
from kiosk.papers.facts import Duplicate, SaleSlipFacts, SlipCopy, SlipLine, SlipPayment
from kiosk.papers.sale_slip import sale_slip

SERIAL = "DEMO0126112100001"
FACTS = SaleSlipFacts(
    "极光电动车专卖店", "浙江省杭州市西湖区文三路 398 号", "0571-8888 0001", "DEMO01", SERIAL,
    "1001 王小明", 1795251802000,
    (
        SlipLine("VEHICLE", "极光 JG-2024 № 7 × 都市版", "119322112345678", "星空灰", 269900),
        SlipLine("BATTERY", "锂电池 48V24Ah", "BT4824A0000012345678", "", 30000),
        SlipLine("CHARGER", "48V3A", "ABC123456-48-03"),
    ),
    299900, (SlipPayment("WECHAT", 299900, f"{SERIAL}019F3C01AB", "4200001234202611210123456789"),),
    "张**", "138****5678", "2048·9f3c01ab12cd",
)  # fmt: skip


class WithKanji(PrintModel):
    """emupos's print model with the Kanji mode of a Chinese printer."""

    kanji = True

    def process(self, token):
        """Follow the mode switches, which emupos ignores."""
        if isinstance(token, Command) and token.name in ("FS &", "FS ."):
            self.kanji = token.name == "FS &"
        return super().process(token)

    def _print_text(self, data: bytes) -> None:
        settings, at = self.settings, 0
        while at < len(data):
            if not self.kanji or data[at] < 0x81:
                super()._print_text(data[at : at + 1])
                at += 1
                continue
            cell = Image.new("1", (24 * settings.width, 24 * settings.height), 0)
            if self.receipt.position + cell.width > self._print_area.width and not self.receipt.at_line_start:
                self._print_line(settings.line_spacing)
            self.receipt.add_to_line(cell, data[at : at + 2].decode("gbk"))
            at += 2


def emulator() -> Printer:
    """A fresh Epson TM-T20III."""
    path = next(pathlib.Path(emupos.__file__).parent.rglob("epson-tm-t20iii.yaml"))
    profile = PrinterProfile.model_validate(yaml.safe_load(path.read_text()))
    return Printer("peer", profile, sensor_open_level="high", job_idle_timeout_ms=1000)


def printed(payload: bytes, model: type[PrintModel] = PrintModel):
    """Receipts and events emupos makes of a job."""
    emupos_printer.PrintModel = model
    device = emulator()
    device.open_connection("c", 0.0)
    out = device.receive("c", payload, 0.0) + device.close_connection("c", 0.0)
    return out.receipts, out.events


def check(holds: bool, what: str) -> None:
    """One line a check; the first that fails ends the run."""
    print("ok  " if holds else "FAIL", what)
    if not holds:
        sys.exit(1)


def unknown(events) -> list[str]:
    """What emupos did not know, as hexadecimal."""
    return [event.data["bytes"] for event in events if event.type is EventType.PRINTER_COMMAND_UNKNOWN]


def check_slip(facts: SaleSlipFacts, copy: SlipCopy, language: str, expected: list[str]) -> None:
    """One slip: unmodified emupos for commands, cut, picture; with Kanji mode for the text."""
    name = f"{language} {copy.value.lower()}{' duplicate' if facts.duplicate else ''}"
    payload = encode(sale_slip(facts, copy, language), Profile())
    receipts, events = printed(payload)
    check(unknown(events) == [], f"{name}: no unknown command")
    check([receipt.boundary for receipt in receipts] == ["cut"], f"{name}: exactly one cut, at the end")
    check(receipts[0].width_dots == 576, f"{name}: 576 dots wide")
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(receipts[0].png)).convert("L"))
    texts = {str(code.format).replace("BarcodeFormat.", ""): code.text for code in found}
    check(any("QR" in key and text == SERIAL for key, text in texts.items()), f"{name}: the QR is the serial")
    check(any("128" in key and text == SERIAL for key, text in texts.items()), f"{name}: the Code 128 is the serial")
    lines = printed(payload, WithKanji)[0][0].text.splitlines()
    for line in expected:
        check(line in [text.strip() for text in lines], f"{name}: {line}")
    width = max(len(line.encode("gbk")) for line in lines if not line.startswith("["))
    check(width == 48, f"{name}: the longest line is 48 columns")


def check_mixed_charsets() -> None:
    """Cyrillic through code page 866 and a character no charset has, beside text."""
    payload = encode(Document((Text("Цена 2999", Align.LEFT),)), Profile(charset=Charset.CP866))
    receipts, events = printed(payload)
    check(unknown(events) == [] and receipts[0].text.strip() == "Цена 2999", "Russian text by code page 866")
    payload = encode(Document((Text("姓名 䶮 end"),)), Profile())
    receipts, events = printed(payload, WithKanji)
    check(unknown(events) == [NO_REAL_TIME_PULSE.hex(" ")], "graphics: nothing unknown but GS ( D, which emupos lacks")
    check(receipts[0].text.strip() == "姓名 [image 24x24] end", "a drawn character stands within its line of text")


async def check_driver() -> None:
    """Our driver on emupos over TCP: status, confirmation by GS r 1, paper out in the middle and healed."""
    emupos_printer.PrintModel = PrintModel
    device, writers, receipts = emulator(), {}, []

    def deliver(out) -> None:
        receipts.extend(out.receipts)
        for write in out.writes:
            writers[write.connection].write(write.data)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = f"c{len(writers)}"
        writers[name] = writer
        deliver(device.open_connection(name, 0.0))
        while data := await reader.read(4096):
            deliver(device.receive(name, data, 0.0))
        deliver(device.close_connection(name, 0.0))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    timings = Timings(answer=0.5, probe=0.3, poll=0.05)
    async with EscPosPrinter("peer", TcpLink("127.0.0.1", port), Profile(), timings=timings) as printer:
        payload = printer.encode(sale_slip(FACTS, SlipCopy.CUSTOMER, "zh"))
        check((await printer.status()).ready, "driver: emupos answers that it is ready")
        check((await printer.print(payload)).tier is Tier.T2, "driver: confirmed in order (T2)")
        check(len(receipts) == 1, "driver: one receipt")
        device.set_fault(PrinterFault.PAPER_OUT, True, 0.0)
        check((await printer.status()).fault is Fault.PAPER_OUT, "driver: paper out is seen")
        outcome = await printer.print(payload)
        check(outcome.fault is Fault.PAPER_OUT and outcome.bytes_sent == len(payload), "driver: held by the printer")
        deliver(device.set_fault(PrinterFault.PAPER_OUT, False, 0.0))
        check((await printer.confirm()).tier is Tier.T2, "driver: finished and confirmed after new paper")
        check(len(receipts) == 2, "driver: still one receipt a job")
        device.set_fault(PrinterFault.COVER_OPEN, True, 0.0)
        check((await printer.status()).fault is Fault.COVER_OPEN, "driver: an open cover is seen")
    server.close()


def main() -> None:
    """All checks."""
    chinese = [
        "极光电动车专卖店",
        "销售凭条 · 商户联",
        f"流水号{' ' * 25}{SERIAL}",
        f"交易时间{' ' * 21}2026-11-21 17:03:22",
        "整车编码 119322112345678",
        "电池码 BT4824A0000012345678",
        "充电器码 ABC123456-48-03",
        f"合计{' ' * 10}￥2,999.00",
        f"渠道单号{' ' * 12}4200001234202611210123456789",
        f"顾客{' ' * 40}张**",
        "日志 2048·9f3c01ab12cd",
    ]
    check_slip(FACTS, SlipCopy.MERCHANT, "zh", chinese)
    check_slip(FACTS, SlipCopy.CUSTOMER, "zh", ["销售凭条 · 顾客联", "谢谢惠顾"])
    again = replace(FACTS, duplicate=Duplicate(2, 0))
    check_slip(again, SlipCopy.CUSTOMER, "zh", ["重打印 第2次", "首次打印 1970-01-01 08:00:00"])
    check_slip(FACTS, SlipCopy.MERCHANT, "en", ["SALE SLIP · Merchant copy", "Vehicle code 119322112345678"])
    check_mixed_charsets()
    asyncio.run(check_driver())


if __name__ == "__main__":
    main()
