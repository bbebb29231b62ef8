"""The virtual printer and the driver together: confirmation, faults in the middle, restarts."""

import asyncio
import io
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from drivers.printers.base import Document, Fault, Paper, Qr, Text, Tier
from drivers.printers.links import TcpLink
from drivers.printers.printer import EscPosPrinter, Timings
from drivers.printers.profiles import Profile
from drivers.printers.raster import picture
from drivers.printers.virtual import VirtualFault, VirtualPrinter

SERIAL = "DEMO0126112100001"
SLIP = Document((Text("销售凭条", size=2), *(Text(f"第 {n} 行 №×°") for n in range(20)), Qr(SERIAL)))
QUICK = Timings(answer=0.3, probe=0.5, stall=0.3, confirm=3.0, poll=0.02)


def device(directory: Path) -> VirtualPrinter:
    return VirtualPrinter(directory, dots_per_second=None)


def driver(printer: VirtualPrinter) -> EscPosPrinter:
    return EscPosPrinter("p", TcpLink("127.0.0.1", printer.port), Profile(), timings=QUICK)


async def test_a_job_is_confirmed_printed_and_kept_byte_for_byte(tmp_path: Path) -> None:
    async with device(tmp_path) as paper, driver(paper) as printer:
        assert (await printer.status()).ready
        payload = printer.encode(SLIP)
        order: list[str] = []

        async def intent() -> None:
            order.append(f"intent with {paper.slips} slips")

        outcome = await printer.print(payload, intent)
        assert (outcome.tier, outcome.bytes_sent, outcome.fault) == (Tier.T1, len(payload), None)
        assert order == ["intent with 0 slips"]
        assert (await paper.wait_for_slip(1)).read_bytes() == payload
        image = (tmp_path / "paper" / "0001.png").read_bytes()
        assert image == picture(payload)
        assert [code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(image)).convert("L"))] == [SERIAL]
        await printer.print(payload)
        assert sorted(path.name for path in (tmp_path / "paper").iterdir()) == [
            "0001.bin",
            "0001.png",
            "0002.bin",
            "0002.png",
        ]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [("paper_out", Fault.PAPER_OUT), ("cover_open", Fault.COVER_OPEN), ("offline", Fault.OFFLINE)],
)
async def test_given_a_fault_when_asked_then_the_status_names_it_until_healed(
    tmp_path: Path, kind: str, fault: Fault
) -> None:
    async with device(tmp_path) as paper, driver(paper) as printer:
        paper.fault(kind)
        status = await printer.status()
        assert (status.answered, status.ready, status.fault, status.online) == (True, False, fault, False)
        paper.heal(kind)
        assert (await printer.status()).ready


async def test_given_paper_ends_mid_slip_when_healed_then_exactly_one_whole_slip_comes_out(tmp_path: Path) -> None:
    async with device(tmp_path) as paper, driver(paper) as printer:
        await printer.status()
        payload = printer.encode(SLIP)
        paper.fault("paper_out", after_dots=200)
        outcome = await printer.print(payload)
        assert (outcome.tier, outcome.fault, outcome.bytes_sent) == (None, Fault.PAPER_OUT, len(payload))
        assert (await printer.status()).paper is Paper.OUT
        assert (await printer.confirm(0.1)).fault is Fault.PAPER_OUT
        assert paper.slips == 0
        paper.heal()
        assert (await printer.confirm()).tier is Tier.T1
        assert (await printer.confirm()).tier is Tier.T1
        assert paper.slips == 1
        assert (tmp_path / "paper" / "0001.bin").read_bytes() == payload


async def test_given_a_stall_when_asked_then_silence_and_when_printed_then_uncertain(tmp_path: Path) -> None:
    async with device(tmp_path) as paper, driver(paper) as printer:
        await printer.status()
        paper.fault(VirtualFault.STALL)
        status = await printer.status()
        assert (status.answered, status.paper) == (False, Paper.UNKNOWN)
        await printer.send(printer.encode(SLIP))
        assert (await printer.confirm(0.2)).uncertain
        paper.heal()
        await paper.wait_for_slip(1)
        assert (await printer.status()).ready


async def test_given_the_driver_dies_after_the_last_byte_then_the_slip_still_comes_out_once(tmp_path: Path) -> None:
    async with device(tmp_path) as paper:
        printer = driver(paper)
        paper.fault("paper_out")
        await printer.send(printer.encode(SLIP))
        await printer.aclose()
        paper.heal()
        await paper.wait_for_slip(1)
        assert paper.slips == 1


async def test_faults_and_numbers_survive_a_restart(tmp_path: Path) -> None:
    async with device(tmp_path) as paper, driver(paper) as printer:
        await printer.print(printer.encode(SLIP))
        paper.fault("cover_open")
    async with device(tmp_path) as paper, driver(paper) as printer:
        assert paper.faults == {VirtualFault.COVER_OPEN}
        assert (await printer.status()).fault is Fault.COVER_OPEN
        paper.heal()
        await printer.print(printer.encode(SLIP))
        assert (await paper.wait_for_slip(2)).name == "0002.bin"


async def test_given_an_unknown_fault_then_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="on fire"):
        device(tmp_path).fault("on fire")


async def test_text_that_spells_a_drawer_command_opens_no_drawer(tmp_path: Path) -> None:
    async with device(tmp_path) as paper, driver(paper) as printer:
        hostile = "\x10\x14\x01\x00\x01 \x1bp\x00\x19\xfa 한"
        await printer.print(printer.encode(Document((Text(hostile), Text(hostile, size=2)))))
        assert paper.drawer_kicks == 0


async def test_it_answers_automatic_status_until_reset_and_kicks_its_drawer_when_told(tmp_path: Path) -> None:
    async with device(tmp_path) as paper:
        reader, writer = await asyncio.open_connection("127.0.0.1", paper.port)
        writer.write(b"\x1da\x0f")
        assert await reader.readexactly(4) == b"\x10\x00\x00\x00"
        paper.fault("paper_out")
        assert await reader.readexactly(4) == b"\x18\x00\x0f\x00"
        paper.heal()
        assert await reader.readexactly(4) == b"\x10\x00\x00\x00"
        writer.write(b"\x10\x14\x01\x00\x01\x1b@\x1dr\x01\x10\x04")
        writer.write(b"\x01")
        assert sorted(await reader.readexactly(2)) == [0x00, 0x12]
        assert paper.drawer_kicks == 1
        paper.fault("paper_out")
        writer.write(b"\x10\x04\x04")
        assert await reader.readexactly(1) == b"\x7e"
        writer.close()


async def test_given_a_full_buffer_without_paper_then_it_takes_no_more_and_loses_nothing(tmp_path: Path) -> None:
    async with VirtualPrinter(tmp_path, dots_per_second=None, buffer_bytes=4096) as paper, driver(paper) as printer:
        await printer.status()
        paper.fault("paper_out")
        payload = printer.encode(Document(tuple(Text("电池 " * 8) for _ in range(400))))
        await printer.send(payload)
        # Its buffer is full: a question behind the job waits in the line, one on another connection is answered.
        assert (await printer.confirm()).fault is Fault.PAPER_OUT
        paper.heal()
        assert (await printer.confirm()).tier is Tier.T1
        assert (await paper.wait_for_slip(1)).read_bytes() == payload


async def test_paper_moves_at_its_speed_and_the_loop_is_free_meanwhile(tmp_path: Path) -> None:
    async with VirtualPrinter(tmp_path, dots_per_second=4000) as paper, driver(paper) as printer:
        started = asyncio.get_running_loop().time()
        assert (await printer.print(printer.encode(SLIP))).tier is Tier.T1
        assert asyncio.get_running_loop().time() - started > 0.15
