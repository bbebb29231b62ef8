"""The registry, the model database, and what importing them costs."""

import subprocess
import sys
from pathlib import Path

import pytest

from drivers import printers
from drivers.printers.base import Document, Paper, PrinterSettings, PrinterStatus, PrinterUnreachable, Text
from drivers.printers.profiles import Charset, profile_for, profile_names


def test_importing_the_printers_and_encoding_a_slip_load_nothing_heavy() -> None:
    code = (
        "import sys, drivers.printers;"
        "light = set(sys.modules);"
        "import drivers.printers.escpos, drivers.printers.printer, kiosk.papers.sale_slip;"
        "heavy = {'PIL', 'escpos', 'segno', 'numpy', 'yaml', 'cv2', 'httpx', 'textual', 'serial'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "assert not any(name.startswith('drivers.printers.') and name != 'drivers.printers.base' for name in light)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_given_a_driver_that_does_not_load_then_the_printer_is_broken_and_says_why() -> None:
    for settings, reason in (
        (PrinterSettings("x", driver="nonsense"), "there is no printer driver"),
        (PrinterSettings("x", address="nonsense"), "is not a printer address"),
        (PrinterSettings("x", address="tcp://h", profile="nonsense"), "there is no printer profile"),
        (PrinterSettings("x", address="tcp://h", charset="klingon"), "did not load"),
        (PrinterSettings("x", address="tcp://h:0"), "is not a printer address"),
        (PrinterSettings("x", driver="virtual"), "needs a directory"),
    ):
        printer = printers.create(settings)
        status = await printer.status()
        assert not status.ready
        assert reason in (status.error or "")
        with pytest.raises(PrinterUnreachable) as caught:
            await printer.send(b"x")
        assert caught.value.nothing_accepted


async def test_the_broken_member_still_encodes_so_that_jobs_can_wait() -> None:
    printer = printers.create(PrinterSettings("x", driver="broken"))
    assert printer.encode(Document((Text("电池"),))).endswith(b"\x1dV\x42\x00")
    assert (await printer.confirm()).uncertain


async def test_the_virtual_member_prints_into_its_directory(tmp_path: Path) -> None:
    async with printers.create(PrinterSettings("v", driver="virtual", address=str(tmp_path))) as printer:
        assert (await printer.status()).ready
        payload = printer.encode(Document((Text("电池"),)))
        assert (await printer.print(payload)).tier is not None
        assert (tmp_path / "paper" / "0001.bin").read_bytes() == payload
        assert (tmp_path / "paper" / "0001.png").stat().st_size


def test_names_are_the_three_members() -> None:
    assert printers.names() == ("escpos", "virtual", "broken")


@pytest.mark.parametrize(
    ("model", "width", "columns", "code_page"),
    [
        ("default", 576, 48, 17),
        ("NT-80-V-UL", 576, 48, 17),  # the database says 12 columns on 576 dots
        ("TM-T88V", 512, 42, 17),
        ("TM-T20II", 576, 48, 17),
        ("RP326", 576, 42, 7),  # no width in the database
        ("KR-306", 576, 48, 12),
        ("POS-5890", 384, 32, 17),
    ],
)
def test_profiles_are_believed_only_where_they_can_be_true(
    model: str, width: int, columns: int, code_page: int
) -> None:
    profile = profile_for(PrinterSettings("x", profile=model))
    assert (profile.width_dots, profile.columns, profile.code_page) == (width, columns, code_page)


def test_every_profile_of_the_database_gives_a_usable_paper() -> None:
    assert len(profile_names()) > 20
    for model in profile_names():
        for charset in Charset:
            profile = profile_for(PrinterSettings("x", profile=model, charset=charset))
            assert 20 <= profile.columns <= 48
            assert profile.columns * 12 <= profile.width_dots


def test_silence_is_never_readiness() -> None:
    silent = PrinterStatus()
    assert (silent.answered, silent.ready, silent.paper, silent.fault) == (False, False, Paper.UNKNOWN, None)
