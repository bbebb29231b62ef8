"""A kiosk runs for months: what is no longer on the screen is no longer in memory."""

import gc

from textual._styles_cache import StylesCache
from textual.widget import Widget


def alive(kind: type) -> int:
    gc.collect()
    return sum(isinstance(one, kind) for one in gc.get_objects())


async def test_given_screens_that_were_left_when_counted_then_neither_widgets_nor_what_they_painted_are_kept(
    till,
) -> None:
    async with till() as one:
        await one.sign_in()
        for _ in range(2):  # both screens and their styles are known from here on
            await one.touch("销售单")
            await one.press("escape")
        widgets, painted = alive(Widget), alive(StylesCache)
        for _ in range(3):
            await one.touch("销售单")
            await one.press("escape")
        assert alive(Widget) <= widgets + 5
        assert alive(StylesCache) <= painted + 5
