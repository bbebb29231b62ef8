"""Text that wants to be more than text, in every widget that shows data: it stands there literally and does nothing."""

from collections.abc import Iterable

import pytest
from textual.app import ComposeResult
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Static

from kiosk.screens.base import KioskScreen
from kiosk.screens.documents import InvoicePanel
from kiosk.screens.home import NoticeButton
from kiosk.screens.notices import Notice
from kiosk.screens.sale_goods import Place, Slot
from kiosk.services.views import Invoice, InvoiceKind, InvoiceState, Line, LineKind
from kiosk.widgets.button import ActionButton, ChoiceButton
from kiosk.widgets.facts import facts_table
from kiosk.widgets.field import Field
from kiosk.widgets.frame import Tone
from kiosk.widgets.paged_list import ListRow, PagedList
from kiosk.widgets.prose import Prose

MARKUP = [
    "[@click=app.quit]x[/]",
    "[@click=screen.press_help]x",
    "[/]",
    "[/b]",
    "[bold red]x",
    "[link=a]x[/link]",
    "[$primary]x",
    "[b][i][",
    "\\[b]",
    "[[]]",
    "[red",
]
COMMANDS = ["a\x1b[2Jb", "a\x9b2Jb", "a\x07\x08b", "a\x1b]0;t\x07b", "a\u202eb", "a\ud800b", "a\nb\r", "\x1bp\x00"]


class Showcase(KioskScreen):
    """One of each, all showing the same."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def title_text(self) -> str:
        return self._text

    def help_text(self) -> str:
        return self._text

    def compose_body(self) -> ComposeResult:
        text = self._text
        yield Prose(text, classes="here")
        yield Static(facts_table([(text, text), ("名", Content(text))]), classes="here", markup=False)
        yield Field(text, id="field", value=text)
        yield ChoiceButton(text, text, chosen=True)
        line = Line(1, LineKind.BATTERY, text, text, text, text, 1, 1, False, False, text)
        yield Slot(Place(text, line))
        for state in (InvoiceState.ISSUED, InvoiceState.FAILED):
            yield InvoicePanel(Invoice(text, InvoiceKind.BLUE, state, text, 1, 1, 2, text, 1, text, 1, None, ()))
        rows = PagedList(id="rows")
        rows.styles.height = 3
        yield rows

    def action_buttons(self) -> Iterable[ActionButton]:
        yield ActionButton(self._text, id="action", key="f8")
        yield NoticeButton(Notice("1", self._text))


def lines(strips: list[Strip]) -> list[str]:
    return [strip.text for strip in strips]


@pytest.mark.parametrize("text", MARKUP + COMMANDS, ids=ascii)
async def test_text_stands_in_every_widget_literally_and_does_nothing(till, text: str) -> None:
    async with till(size=(140, 90)) as one:
        await one.sign_in()
        screen = Showcase(text)
        await one.app.show(screen)
        screen.query_one(PagedList).show([ListRow(text, text, text, text, text, Tone.GOOD)])
        screen.say(Tone.FAULT, text)
        await one.settle()
        strips = screen._compositor.render_strips()
        frame = lines(strips)
        for line in frame:
            assert line.isprintable(), ascii(line)
            line.encode()
        for strip in strips:
            for segment in strip:
                meta = segment.style.meta if segment.style else {}
                assert not [name for name in meta if name.startswith("@")], (segment.text, meta)
                assert segment.style is None or segment.style.link is None
        if text in MARKUP:
            assert sum(line.count(text) for line in frame) >= 14
        if "@click" in text:
            for widget in screen.query(".here, ActionButton, Field, PagedList"):
                if widget.region and widget.region in screen.region:
                    await one.pilot.click(widget)
            await one.settle()
        assert one.app.is_running
        assert one.app.screen is screen
