"""What needs a person stands on Home and leads to where it is settled."""

import hashlib

from data.models import PrintJob, Sale
from data.states import PrintJobState
from data.unit_of_work import Tx
from kiosk.screens.home import NoticeButton


def leave_a_slip_uncertain(tx: Tx) -> str:
    """A further copy of a past sale that was on its way when the power went."""
    sale = Sale.query().where(Sale.state == "DONE").first()
    job = tx.new_id()
    tx.create(
        PrintJob,
        id=job,
        document="SALE",
        document_key=sale.serial,
        copy="CUSTOMER",
        kind="DUPLICATE",
        copy_no=1,
        printer="receipt",
        state="QUEUED",
        payload=b"slip",
        sha256=hashlib.sha256(b"slip").hexdigest(),
        template_version="1",
        queued_at_ms=tx.now_ms,
        operator="1001",
        reason="asked for",
    )
    tx.move(PrintJob, job, PrintJobState.SENDING, expect="QUEUED", claimed_at_ms=tx.now_ms)
    tx.move(PrintJob, job, PrintJobState.UNCERTAIN, expect="SENDING")
    return job


async def test_given_a_slip_nobody_saw_come_out_then_home_leads_to_it_and_a_person_settles_it(till) -> None:
    async with till() as one:
        await one.sign_in()
        job = await one.app.shop.store.write(leave_a_slip_uncertain)
        await one.press("f4", "escape")
        notices = list(one.app.screen.query(NoticeButton))
        assert len(notices) == 1
        assert "待确认凭条" in notices[0].caption
        await one.touch(notices[0].caption)
        assert one.screen == "PaidScreen"
        await one.touch("已打出")
        settled = await one.app.shop.store.read(lambda: PrintJob.find(job).state)
        assert settled == PrintJobState.PRINTED
        await one.press("f8")
        assert not one.app.screen.query(NoticeButton)


async def test_given_a_slip_nobody_saw_come_out_when_a_duplicate_is_asked_for_then_it_is_queued(till) -> None:
    async with till() as one:
        await one.sign_in()
        job = await one.app.shop.store.write(leave_a_slip_uncertain)
        await one.press("f4", "escape")
        await one.touch(next(iter(one.app.screen.query(NoticeButton))).caption)
        await one.touch("打印副本")
        reason = f"UNCERTAIN:{job}"
        found = await one.app.shop.store.read(lambda: PrintJob.query().where(PrintJob.reason == reason).count())
        assert found == 1
        await one.press("f8")
        assert not one.app.screen.query(NoticeButton)


async def test_given_a_sale_in_the_list_when_opened_then_people_are_masked_and_a_file_can_be_saved(
    till, tmp_path
) -> None:
    async with till() as one:
        await one.sign_in()
        row = (await one.app.shop.lookups.sales(limit=1))[0]
        await one.press("f4")
        await one.scan(row.serial)
        assert one.screen == "SaleDetailScreen"
        shown = one.app.export_screenshot(simplify=True)
        assert row.serial in shown
        assert row.phone_masked in shown
        assert one.app.screen.sale.customer.phone not in shown
        await one.touch("保存凭条")
        assert one.message.startswith("已保存")
        assert list((tmp_path / "exports").rglob("*.png"))


async def test_given_a_slips_serial_scanned_on_home_then_its_sale_opens(till) -> None:
    async with till() as one:
        await one.sign_in()
        row = (await one.app.shop.lookups.sales(limit=1))[0]
        await one.scan(row.serial)
        assert one.screen == "SaleDetailScreen"
        assert one.app.screen.sale.serial == row.serial
