"""Every scanner driver opens, tells its health and fails in the same way."""

import subprocess
import sys

import pytest

from drivers import scanners
from drivers.scanners.base import Scan, ScannerUnavailableError
from drivers.scanners.broken import BrokenScanner
from drivers.scanners.virtual import VirtualScanner
from drivers.scanners.wedge import KeyboardWedge


def now_ms() -> int:
    return 1_700_000_000_000


def test_importing_the_package_loads_no_driver() -> None:
    program = (
        "import sys, drivers.scanners; print([name for name in sys.modules if name.startswith('drivers.scanners.')])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "['drivers.scanners.base']"


async def test_given_an_open_virtual_scanner_when_it_reads_then_one_scan_arrives() -> None:
    scanner = scanners.create("virtual", now_ms)
    assert isinstance(scanner, VirtualScanner)
    heard: list[Scan] = []
    assert not scanner.read("999022600000001")
    await scanner.open(heard.append)
    assert scanner.health().online
    assert scanner.read("999022600000001")
    assert not scanner.read("x" * 600)
    assert heard == [Scan("999022600000001", "virtual", now_ms())]


async def test_given_a_pulled_cable_when_it_is_opened_then_it_is_unavailable_until_it_is_back() -> None:
    scanner = VirtualScanner(now_ms)
    await scanner.open(lambda scan: None)
    scanner.unplug()
    assert not scanner.health().online
    assert not scanner.read("999022600000001")
    with pytest.raises(ScannerUnavailableError):
        await scanner.open(lambda scan: None)
    scanner.plug()
    await scanner.open(lambda scan: None)
    assert scanner.health().online
    await scanner.close()
    await scanner.close()
    assert not scanner.health().online


@pytest.mark.parametrize("driver", ["broken", "laser-from-space"])
async def test_given_a_driver_that_cannot_work_then_the_kiosk_gets_a_scanner_that_says_why(driver: str) -> None:
    scanner = scanners.create(driver, now_ms)
    assert isinstance(scanner, BrokenScanner)
    assert scanner.health().reason
    with pytest.raises(ScannerUnavailableError):
        await scanner.open(lambda scan: None)
    await scanner.close()


async def test_given_a_keyboard_wedge_when_a_burst_ends_then_its_listener_hears_the_scan() -> None:
    scanner = scanners.create("wedge", now_ms)
    assert isinstance(scanner, KeyboardWedge)
    heard: list[Scan] = []
    await scanner.open(heard.append)
    for place, character in enumerate("999022600000001"):
        scanner.follow(scanner.splitter.feed(character, character, 5 + place / 1000))
    scanner.follow(scanner.splitter.feed("enter", "\r", 5.015))
    assert [scan.text for scan in heard] == ["999022600000001"]
    await scanner.close()
