"""The log file: Beijing time in any zone, nobody's phone, and a number for people."""

import logging
from pathlib import Path

import pytest

from data.states import InvoiceKind, InvoiceState
from kiosk import trouble
from kiosk.services import views


@pytest.fixture
def written(tmp_path: Path):
    """What was written into the log so far."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    trouble.open_log(tmp_path)
    yield lambda: (tmp_path / trouble.FILE_NAME).read_text("utf-8")
    for handler in [one for one in root.handlers if one not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def test_given_somebodys_phone_in_an_error_when_logged_then_it_is_masked_and_numbers_stay(written) -> None:
    logging.getLogger("kiosk.x").warning("buyerPhone 15400001234, order DEMO0126112100001, %s", "at 1795316850867")
    reference = trouble.record(ValueError("+86-15400001234 (13812345678)"))
    told = written()
    for phone in ("15400001234", "13812345678"):
        assert phone not in told
    for kept in ("154****1234", "138****5678", "DEMO0126112100001", "1795316850867", reference):
        assert kept in told


def test_given_a_sale_in_an_error_then_no_repr_tells_who_buys() -> None:
    buyer = views.Customer("王小明", "15400001234", "330106", "浙江省 杭州市 西湖区", "文三路 1 号")
    invoice = views.Invoice(
        "N", InvoiceKind.BLUE, InvoiceState.NEW, "王小明", 1, 1, 2, None, None, None, 0, None, files=()
    )
    for secret in ("王小明", "15400001234", "文三路"):
        assert secret not in repr(buyer) + repr(invoice)


def test_given_a_known_moment_when_logged_then_its_time_is_beijings(written) -> None:
    record = logging.LogRecord("kiosk.x", logging.WARNING, "", 1, "then", None, None)
    record.created = 1_795_190_400.0
    logging.getLogger().handle(record)
    assert written().startswith("2026-11-21 00:00:00 WARNING kiosk.x: then")
