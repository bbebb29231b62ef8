"""Links count what was accepted and never block; answers mixed on one line are told apart."""

import asyncio
import os
import tty
from pathlib import Path

import pytest

from drivers.printers.base import (
    Fault,
    Paper,
    PrinterFailed,
    PrinterStalled,
    PrinterUnreachable,
    PrintOutcome,
    Tier,
)
from drivers.printers.links import DeviceLink, FileLink, TcpLink, link_for
from drivers.printers.printer import EscPosPrinter, Timings
from drivers.printers.profiles import Profile
from drivers.printers.status import Answers, read_automatic, read_line_status, read_status

QUICK = Timings(answer=0.1, probe=0.1, stall=0.2, confirm=0.5, settle=0.1, poll=0.02)
LARGE = bytes(32 * 1024 * 1024)


def test_answers_of_every_kind_are_told_apart_however_they_are_cut() -> None:
    stream = b"\x12" + b"\x10\x00\x0f\x00" + b"\x00" + b"\x37\x220001\x00" + b"\x13\x11" + b"\x1a" + b"\x18\x00\x0c\x00"
    for step in range(1, len(stream) + 1):
        answers = Answers()
        for at in range(0, len(stream), step):
            answers.feed(stream[at : at + step])
        assert list(answers.real_time) == [0x12, 0x1A]
        assert list(answers.in_order) == [0x00]
        assert answers.process_ids == {"0001"}
        assert answers.unsolicited == b"\x18\x00\x0c\x00"
        assert not answers.flow_stopped


def test_noise_on_the_line_is_no_answer() -> None:
    answers = Answers()
    answers.feed(b"\xff\xfe\x80\x37\x37\x10\x93\x12")
    assert list(answers.real_time) == [0x12]
    assert not answers.process_ids


def test_status_bytes_mean_what_the_command_reference_says() -> None:
    assert read_status(0x12, 0x12, None, 0x12).ready
    assert read_status(0x1A, 0x32, None, 0x7E).fault is Fault.PAPER_OUT
    assert read_status(0x1A, 0x16, None, 0x12).fault is Fault.COVER_OPEN
    assert read_status(0x1A, 0x52, 0x1A, 0x12).error == "printer reports an error: cutter"
    assert read_status(0x12, 0x12, None, 0x1E).paper is Paper.NEAR_END
    assert read_status(0x12, 0x12, None, 0x1E).ready
    assert read_status(0x12, None, None, None).paper is Paper.UNKNOWN
    assert read_automatic(b"\x10\x00\x00\x00").ready
    assert read_automatic(b"\x38\x00\x0f\x00").fault is Fault.COVER_OPEN


def test_a_usb_line_status_is_believed_only_when_it_is_bad() -> None:
    assert not read_line_status(0x18).answered
    assert read_line_status(0x38).fault is Fault.PAPER_OUT
    assert read_line_status(0x08).fault is Fault.OFFLINE
    assert read_line_status(0x10).fault is Fault.ERROR


@pytest.mark.parametrize(
    ("address", "kind"),
    [("tcp://10.0.0.9", TcpLink), ("tcp://[::1]:9101", TcpLink), ("/dev/usb/lp0", DeviceLink), ("file:/x", FileLink)],
)
def test_addresses(address: str, kind: type) -> None:
    assert isinstance(link_for(address), kind)


@pytest.mark.parametrize("address", ["", "lp0", "tcp://", "tcp://h:x", "tcp://h:70000", "http://h", "tcp://h:²"])
def test_given_an_address_nobody_can_reach_then_it_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="printer address"):
        link_for(address)


async def first_byte_is_fatal() -> None:
    raise AssertionError("the callback must not be called")


async def test_given_nobody_listens_when_sent_then_nothing_was_accepted_and_no_intent_was_needed() -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    printer = EscPosPrinter("p", TcpLink("127.0.0.1", port), Profile(), timings=QUICK)
    with pytest.raises(PrinterUnreachable) as caught:
        await printer.send(b"x", first_byte_is_fatal)
    assert caught.value.nothing_accepted
    status = await printer.status()
    assert not status.answered
    assert status.error


async def test_given_the_device_is_missing_when_sent_then_nothing_was_accepted(tmp_path: Path) -> None:
    for link in (DeviceLink(tmp_path / "lp0"), FileLink(tmp_path / "no" / "file")):
        with pytest.raises(PrinterUnreachable):
            await EscPosPrinter("p", link, Profile(), timings=QUICK).send(b"x", first_byte_is_fatal)


async def test_given_a_printer_that_stops_reading_then_the_loop_runs_on_and_the_bytes_are_counted() -> None:
    release = asyncio.Event()

    async def deaf(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = EscPosPrinter("p", TcpLink("127.0.0.1", port), Profile(), timings=QUICK)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticker = asyncio.create_task(tick())
    with pytest.raises(PrinterStalled) as caught:
        await printer.send(LARGE)
    assert 0 < caught.value.bytes_sent < len(LARGE)
    assert ticks >= 5
    ticker.cancel()
    release.set()
    server.close()


async def test_given_the_printer_hangs_up_in_the_middle_then_the_job_is_uncertain_not_unsent() -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(100_000)
        writer.transport.abort()

    server = await asyncio.start_server(rude, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = EscPosPrinter("p", TcpLink("127.0.0.1", port), Profile(), timings=QUICK)
    with pytest.raises(PrinterFailed) as caught:
        await printer.send(LARGE)
    assert not caught.value.nothing_accepted
    server.close()


async def test_given_the_intent_cannot_be_committed_then_no_byte_of_the_job_leaves() -> None:
    received = bytearray()
    closed = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.read())
        writer.close()
        closed.set()

    async def fails() -> None:
        raise RuntimeError("disk full")

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = EscPosPrinter("p", TcpLink("127.0.0.1", port), Profile(), reports=False, timings=QUICK)
    with pytest.raises(RuntimeError):
        await printer.send(b"JOB", fails)
    await closed.wait()
    assert bytes(received) == b""
    server.close()


async def test_given_a_silent_printer_then_it_is_neither_ready_nor_are_its_jobs_printed() -> None:
    received = bytearray()

    async def mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            received.extend(data)

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = EscPosPrinter("p", TcpLink("127.0.0.1", port), Profile(), timings=QUICK)
    status = await printer.status()
    assert (status.answered, status.ready, status.paper, status.online) == (False, False, Paper.UNKNOWN, None)
    outcome = await printer.print(b"JOB")
    assert outcome == PrintOutcome(3)
    assert outcome.uncertain
    known_mute = EscPosPrinter("p", TcpLink("127.0.0.1", port), Profile(), reports=False, timings=QUICK)
    assert (await known_mute.print(b"JOB")).tier is Tier.T4
    server.close()


async def test_given_a_printer_without_in_order_answers_then_it_confirms_by_being_well_afterwards() -> None:
    async def simple(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            for _ in range(data.count(b"\x10\x04")):
                writer.write(b"\x12")

    server = await asyncio.start_server(simple, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = EscPosPrinter("p", TcpLink("127.0.0.1", port), Profile(), timings=QUICK)
    assert (await printer.print(b"JOB")).tier is Tier.T3
    server.close()


async def test_a_file_takes_jobs_one_after_another_and_tells_nothing_back(tmp_path: Path) -> None:
    path = tmp_path / "slips.bin"
    printer = EscPosPrinter("p", FileLink(path), Profile(), timings=QUICK)
    assert not printer.can_report
    assert not (await printer.status()).answered
    assert await printer.print(b"one") == PrintOutcome(3, Tier.T4)
    assert await printer.print(b"two") == PrintOutcome(3, Tier.T4)
    assert path.read_bytes() == b"onetwo"


async def test_a_device_file_is_written_read_and_found_stalled_without_blocking() -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    path = Path(os.ttyname(theirs))
    os.set_blocking(ours, False)
    loop = asyncio.get_running_loop()
    received = bytearray()

    def answer() -> None:
        data = os.read(ours, 65536)
        received.extend(data)
        os.write(ours, b"\x12" * data.count(b"\x10\x04"))

    loop.add_reader(ours, answer)
    printer = EscPosPrinter("p", DeviceLink(path), Profile(), timings=QUICK)
    assert (await printer.status()).ready
    assert (await printer.print(b"JOB" * 5000)).tier is Tier.T3
    assert received.count(b"JOB") == 5000
    loop.remove_reader(ours)
    assert not (await printer.status()).answered
    with pytest.raises(PrinterStalled) as caught:
        await printer.send(bytes(1 << 20))
    assert 0 < caught.value.bytes_sent < 1 << 20
    os.close(ours)
    os.close(theirs)


async def test_given_a_printer_that_answers_in_order_then_that_confirms_and_silence_does_not() -> None:
    held = False

    async def in_order(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(b"\x12" * data.count(b"\x10\x04"))
            writer.write(b"\x00" * (0 if held else data.count(b"\x1dr\x01")))

    server = await asyncio.start_server(in_order, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = EscPosPrinter("p", TcpLink("127.0.0.1", port), Profile(), timings=QUICK)
    assert (await printer.print(b"JOB")).tier is Tier.T2
    held = True
    assert (await printer.print(b"JOB")).uncertain  # being well is no proof from a printer that could give one
    server.close()


async def test_given_a_job_broke_off_then_the_next_one_first_completes_its_image_and_resets() -> None:
    jobs: list[bytes] = []
    ended = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not jobs:
            jobs.append(await reader.readexactly(100_000))
            writer.transport.abort()
            return
        jobs.append(await reader.read())
        ended.set()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = EscPosPrinter("p", TcpLink("127.0.0.1", port), Profile(), reports=False, timings=QUICK)
    with pytest.raises(PrinterFailed):
        await printer.send(LARGE)
    assert await printer.print(b"JOB") == PrintOutcome(3, Tier.T4)
    await ended.wait()
    assert jobs[1] == bytes(72 * 128) + b"\x1b@JOB"
    server.close()
