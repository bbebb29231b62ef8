"""Which modules a part of the house may pull in, proved in a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import pytest

import kiosk

ROOT = Path(kiosk.__file__).parent.parent
HEAVY = ("cv2", "escpos", "PIL", "httpx", "cryptography", "numpy", "zxingcpp", "pyzbar", "argon2")


def modules_after(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


@pytest.mark.parametrize("statement", ["import kiosk.app", "import kiosk.cli.main", "import kiosk.shop"])
def test_nothing_heavy_is_imported_before_the_first_screen(statement: str) -> None:
    assert not modules_after(statement).intersection(HEAVY)


@pytest.mark.parametrize("room", ["data.store", "data.journal", "data.queries"])
def test_the_store_knows_neither_drivers_nor_kiosk_nor_the_screen(room: str) -> None:
    loaded = modules_after(f"import {room}")
    assert not {name for name in loaded if name.partition(".")[0] in {"kiosk", "drivers", "textual", "httpx"}}


@pytest.mark.parametrize("room", ["drivers.printers", "drivers.payments", "drivers.invoices", "drivers.scanners"])
def test_drivers_know_neither_store_nor_kiosk_nor_the_screen(room: str) -> None:
    loaded = modules_after(f"import {room}")
    assert not {name for name in loaded if name.partition(".")[0] in {"kiosk", "data", "textual", "peewee"}}
    assert not loaded.intersection(HEAVY)


@pytest.mark.parametrize("room", ["kiosk.rules", "kiosk.services.sale", "kiosk.services.collection", "kiosk.shop"])
def test_nothing_below_the_screens_imports_textual(room: str) -> None:
    assert "textual" not in modules_after(f"import {room}")


def test_what_measures_is_imported_by_its_verb_only() -> None:
    importing = [
        path.relative_to(ROOT).as_posix()
        for room in ("kiosk", "drivers", "data")
        for path in sorted((ROOT / room).rglob("*.py"))
        if "kiosk.bench" in path.read_text(encoding="utf-8") and path.parent.name != "bench"
    ]
    assert importing == ["kiosk/cli/bench.py"]
    assert not {name for name in modules_after("import kiosk.cli.bench") if name.startswith("kiosk.bench")}
