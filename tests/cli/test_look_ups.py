"""Look-ups on the demo shop: the published JSON, beside a running kiosk too, and the journal's verdict."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.store import Store
from kiosk.demo.seeding import PAST_SALES, seed
from kiosk.play.terminal import Terminal
from kiosk.services.clock import Clock


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shop")
    clock = Clock()
    store = Store.open(directory, now_ms=clock.now_ms)
    seed(store, clock)
    store.close()
    return directory


@pytest.fixture
def held(shop: Path) -> Iterator[Path]:
    """The same shop while another program has it."""
    store = Store.open(shop, now_ms=Clock().now_ms)
    yield shop
    store.close()


def kiosk(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KIOSK_")}
    command = [sys.executable, "-m", "kiosk", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def told(*arguments: str) -> object:
    answer = kiosk(*arguments, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_sales_are_listed_newest_first_in_the_published_shape(shop: Path) -> None:
    rows = told("sales", "--data", str(shop))
    assert isinstance(rows, list)
    assert len(rows) == PAST_SALES
    assert list(rows[0]) == ["serial", "at_ms", "kind", "state", "total_fen", "customer", "operator"]
    assert [row["at_ms"] for row in rows] == sorted((row["at_ms"] for row in rows), reverse=True)
    assert {row["state"] for row in rows} == {"DONE"}
    assert all("*" in row["customer"] for row in rows)
    assert told("sales", "--data", str(shop), "--limit", "3") == rows[:3]


def test_sales_are_found_by_serial_code_and_day(shop: Path) -> None:
    (newest,) = told("sales", "--data", str(shop), "--limit", "1")  # pyright: ignore
    sale = told("sale", newest["serial"], "--data", str(shop))
    assert isinstance(sale, dict)
    vehicle = next(line["code"] for line in sale["lines"] if line["kind"] == "VEHICLE")
    for search in (newest["serial"], vehicle):
        assert [row["serial"] for row in told("sales", "--data", str(shop), "--search", search)] == [newest["serial"]]  # pyright: ignore
    day = newest["serial"][6:12]
    on_day = told("sales", "--data", str(shop), "--day", f"20{day[:2]}-{day[2:4]}-{day[4:]}")
    assert all(row["serial"][6:12] == day for row in on_day)  # pyright: ignore
    assert kiosk("sales", "--data", str(shop), "--search", "NOSUCHTHING").returncode == 1
    assert kiosk("sales", "--data", str(shop), "--day", "yesterday").returncode == 2


def test_a_sale_is_told_whole_in_the_published_shape_and_masked(held: Path) -> None:
    (newest,) = told("sales", "--data", str(held), "--limit", "1")  # pyright: ignore
    sale = told("sale", newest["serial"], "--data", str(held))
    assert isinstance(sale, dict)
    keys = "serial kind state revision total_fen lines customer payments refunds invoices print_jobs"
    assert list(sale) == keys.split()
    assert list(sale["lines"][0]) == ["kind", "code", "model", "colour", "price_fen"]
    assert list(sale["payments"][0]) == ["number", "channel", "state", "amount_fen", "provider_number"]
    assert list(sale["invoices"][0]) == ["number", "kind", "state", "total_fen", "tax_fen", "files"]
    assert list(sale["print_jobs"][0]) == ["id", "document", "copy", "kind", "state", "tier"]
    assert sale["refunds"] == []
    assert sale["invoices"][0]["kind"] == "blue"
    assert "*" in sale["customer"]["name"]
    assert "****" in sale["customer"]["phone"]
    assert kiosk("sale", "DEMO0199010100001", "--data", str(held)).returncode == 1


def test_the_journal_is_whole_and_an_anchor_that_never_was_is_not_met(shop: Path, tmp_path: Path) -> None:
    verdict = told("journal", "verify", "--data", str(shop))
    assert isinstance(verdict, dict)
    assert verdict["rows"] > PAST_SALES
    assert kiosk("journal", "verify", "--data", str(shop), "--receipt", verdict["head"]).returncode == 0
    assert kiosk("journal", "verify", "--data", str(shop), "--receipt", "7·000000000000").returncode == 12
    anchors = tmp_path / "anchors"
    anchors.write_text("gibberish\n", "utf-8")
    assert kiosk("journal", "verify", "--data", str(shop), "--anchors", str(anchors)).returncode == 2


@pytest.mark.parametrize("copy", ["merchant", "customer"])
def test_a_slip_is_shown_as_bytes_and_as_a_picture_and_is_not_counted(shop: Path, tmp_path: Path, copy: str) -> None:
    (newest,) = told("sales", "--data", str(shop), "--limit", "1")  # pyright: ignore
    before = told("sale", newest["serial"], "--data", str(shop))
    for ending in ("bin", "png"):
        target = tmp_path / f"slip.{ending}"
        answer = kiosk("print", "slip", newest["serial"], "--copy", copy, "--data", str(shop), "--to", str(target))
        assert answer.returncode == 0, answer.stderr
        assert target.stat().st_size > 500
    assert newest["serial"].encode() in (tmp_path / "slip.bin").read_bytes()
    assert (tmp_path / "slip.png").read_bytes().startswith(b"\x89PNG")
    assert told("sale", newest["serial"], "--data", str(shop)) == before


@pytest.mark.parametrize("verb", ["run", "demo"])
def test_given_a_held_shop_when_a_second_kiosk_starts_then_it_says_who_holds_it(held: Path, verb: str) -> None:
    command = [sys.executable, "-m", "kiosk", verb, "--data", str(held)]
    terminal = Terminal(command, dict(os.environ) | {"TERM": "xterm-256color"}, 120, 10)
    assert terminal.process.wait(30) == 3
    terminal.wait_mark(1, 2)
    assert str(os.getpid()) in "".join(terminal.lines())
