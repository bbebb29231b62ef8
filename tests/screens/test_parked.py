"""Open sales on Home: how many, whose, which vehicle, how far, since when; one touch takes one up."""

import pytest
from rich.cells import cell_len

from kiosk.demo.catalogue import demo_shop
from kiosk.rules.refusals import Refusal
from kiosk.screens.parked import how_long
from kiosk.services.views import Operator
from kiosk.widgets.button import ActionButton
from kiosk.widgets.paged_list import PagedList

BIKES = demo_shop().vehicles
MINUTE = 60_000


def painted(one) -> list[str]:
    """The screen as rows of text."""
    screen = one.app.screen
    width = screen.size.width
    return ["".join(segment.text for segment in strip).ljust(width) for strip in screen._compositor.render_strips()]


async def park(one, count: int) -> None:
    clerk = next(person for person in demo_shop().operators if person.role == "CLERK")
    acting = Operator(clerk.number, clerk.name, "CLERK")
    opened = 0
    for bike in BIKES:
        if opened == count:
            break
        try:
            sale = await one.app.shop.sales.open_bundle(acting, bike.vehicle)
        except Refusal:
            continue
        opened += 1
        await one.app.shop.sales.choose_colour(sale.id, bike.colours[0], operator=acting)
        await one.app.shop.sales.start_bundle(sale.id, operator=acting)
    assert opened == count


@pytest.mark.parametrize(
    ("past", "told"),
    [
        (0, "刚刚"),
        (-5, "刚刚"),
        (59 * MINUTE, "59 分钟前"),
        (60 * MINUTE, "1 小时前"),
        (49 * 60 * MINUTE, "2 天前"),
    ],
)
def test_how_long_is_said_as_people_say_it(past: int, told: str) -> None:
    assert how_long(past) == told


@pytest.mark.parametrize("language", ["zh_CN", "en", "ja", "ru"])
@pytest.mark.parametrize("count", [0, 1, 3, 30])
async def test_given_parked_sales_then_home_shows_the_newest_and_counts_all_at_80x24(till, count, language) -> None:
    async with till(language) as one:
        await park(one, count)
        await one.sign_in()
        rows = one.app.screen.query_one(PagedList)
        button = one.app.screen.query_one("#open-sales", ActionButton)
        lines = painted(one)
        assert all(cell_len(line.rstrip()) <= 80 for line in lines)
        if not count:
            assert not button.display or button.has_class("hidden")
            assert not rows.display
            return
        assert str(count) in button.caption
        assert one.app.screen.query_one("#parked-heading").content.count(str(count)) >= 1
        shown = rows.stage_controls()
        assert len(shown) == min(count, 3)
        newest = (await one.app.shop.sales.parked())[-1]
        told = next(line for line in lines if newest.vehicle in line)
        assert "2/4" in told
        assert shown[0][2].y + 3 * len(shown) <= 24


async def test_given_parked_sales_when_one_is_touched_then_it_is_on_the_screen_at_its_step(till) -> None:
    async with till() as one:
        await park(one, 3)
        await one.sign_in()
        rows = one.app.screen.query_one(PagedList)
        second = (await one.app.shop.sales.parked())[1]
        await one.pilot.click(rows, offset=(5, 4))
        await one.settle()
        assert one.screen == "GoodsScreen"
        assert one.app.screen.sale.id == second.id


async def test_given_a_parked_sale_with_its_customer_then_home_shows_them_masked(till) -> None:
    async with till() as one:
        await one.reach_price(BIKES[1])
        await one.press("f6")
        text = "\n".join(painted(one))
        assert "王" in text
        assert "王小明" not in text
        assert "13812345678" not in text
        assert "4/4 结账" in text


async def test_given_home_on_a_larger_screen_then_more_sales_are_there(till) -> None:
    async with till(size=(132, 43)) as one:
        await park(one, 12)
        await one.sign_in()
        assert len(one.app.screen.query_one(PagedList).stage_controls()) > 5


async def test_given_a_minute_gone_by_then_the_row_says_so_and_the_mark_stays(till) -> None:
    async with till() as one:
        await park(one, 3)
        await one.sign_in()
        rows = one.app.screen.query_one(PagedList)
        rows.focus()
        await one.press("down")
        assert rows.marked == 1
        one.app.shop.clock.advance(5 * MINUTE)
        one.app.screen.tick()
        await one.settle()
        assert any("5 分钟前" in line for line in painted(one))
        assert rows.marked == 1
