"""The application's side of `kiosk play`: tells over a local socket where its controls are and when it is idle.

One JSON document a line, one answer a question; input never comes this way, it always goes through the terminal.

| question | answer |
|---|---|
| `{"verb": "settle", "focus": N, "mark": M, "timeout": S, "committed": true}` | when N focus reports have been seen, everything is handled, committed and painted, and mark M was written to the terminal: `{"waiting": []}`; after S seconds the names of what was still under way, mark written all the same. With `committed` false commands in flight are not waited for |
| `{"verb": "controls"}` | `{"controls": [{"id", "label", "kind", "area", "visible", "enabled", "scroll"}]}`, areas as `[x, y, width, height]` in cells |
| `{"verb": "texts"}` | `{"texts": [area, …]}`: where the top screen shows text of its own |
| `{"verb": "advance", "ms": N, "untouched": false}` | `{}`; with `untouched` nobody was at the kiosk meanwhile: it may dim or lock |
| `{"verb": "language", "language": L}` | `{}`; or `{"error": text}` |

A focus report (`CSI I`) is what a terminal sends when its window gets the focus: play sends one after its input, so that
counting it proves that the input before it has been read.
"""  # noqa: E501  table rows

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypedDict, cast, runtime_checkable

from textual.app import App
from textual.content import Content
from textual.dom import DOMNode
from textual.geometry import Region
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList, Tab
from textual.widgets.option_list import Option

from kiosk.widgets.field import Field

_QUIET_TURNS = 3
_TURN_S = 0.003
_SETTLE = ("focus", "mark", "timeout", "committed")


class ControlTold(TypedDict):
    """A control as it goes over the socket."""

    id: str
    label: str
    kind: str
    area: list[int]
    visible: list[int]
    enabled: bool
    scroll: list[int] | None


@runtime_checkable
class TellsControls(Protocol):
    """A widget that paints its own touchable parts: (label, kind, region in screen cells) of each."""

    def stage_controls(self) -> Iterable[tuple[str, str, Region]]: ...


class Stage:
    """Answers play for one application. `under_way` names the commands and units of work that are still in flight."""

    def __init__(
        self,
        app: App[Any],
        under_way: Callable[[], Sequence[str]],
        advance: Callable[[int, bool], None],
        language: Callable[[str], None],
    ) -> None:
        self._app = app
        self._under_way = under_way
        self._advance = advance
        self._language = language
        self._focus_reports = 0
        self._server: asyncio.Server | None = None

    def focus_reported(self) -> None:
        """Count one focus report: the application has handled everything read before it."""
        self._focus_reports += 1

    async def listen(self, path: Path) -> None:
        """Answer at this socket from now on."""
        self._server = await asyncio.start_unix_server(self._serve, str(path))

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := await reader.readline():
                answer = await self._answer(cast("dict[str, Any]", json.loads(line)))
                writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        match question["verb"]:
            case "settle":
                return {"waiting": await self._settle(**{name: question[name] for name in _SETTLE})}
            case "controls":
                return {"controls": list(controls(self._app.screen))}
            case "texts":
                return {"texts": list(texts(self._app.screen))}
            case "advance":
                self._advance(int(question["ms"]), bool(question.get("untouched")))
            case "language":
                try:
                    self._language(str(question["language"]))
                except ValueError as error:
                    return {"error": str(error)}
            case other:
                return {"error": f"there is no verb {other!r}"}
        return {}

    async def _settle(self, focus: int, mark: int, timeout: float, committed: bool) -> list[str]:  # noqa: ASYNC109  the peer's
        deadline = time.monotonic() + timeout
        quiet = 0
        waiting: list[str] = []
        while quiet < _QUIET_TURNS and time.monotonic() < deadline:
            await asyncio.sleep(_TURN_S)
            waiting = self._waiting(focus, committed=committed)
            quiet = 0 if waiting else quiet + 1
        # An application command that no terminal shows: what was written before it is on the screen when it is read.
        driver = self._app._driver  # pyright: ignore[reportPrivateUsage]  Textual offers no public way to the terminal
        if driver is not None:
            driver.write(f"\x1b_kiosk;{mark}\x1b\\")
        return waiting

    def _waiting(self, focus: int, *, committed: bool) -> list[str]:
        """What is not done yet: input not read, messages waiting or being handled, commands in flight, paint."""
        if self._focus_reports < focus:
            return ["input that was not read"]
        pumps: list[MessagePump] = [self._app, *self._app._registry]  # pyright: ignore[reportPrivateUsage]
        waiting = [f"messages of {pump!r}" for pump in pumps if _at_work(pump)]
        if committed:
            waiting += self._under_way()
        if _unpainted(self._app.screen):
            waiting.append(f"painting {self._app.screen!r}")
        return waiting


def _at_work(pump: MessagePump) -> bool:
    queue = cast("object", pump._message_queue)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]
    # Counts what waits and what is being handled: Textual calls task_done() after a message's handlers have returned.
    unfinished: int = getattr(queue, "_unfinished_tasks", 0)
    return unfinished > 0 or bool(pump._next_callbacks)  # pyright: ignore[reportPrivateUsage]


def _unpainted(screen: Screen[Any]) -> bool:
    return bool(
        screen._dirty_widgets  # pyright: ignore[reportPrivateUsage]
        or screen._layout_required  # pyright: ignore[reportPrivateUsage]
        or screen._repaint_required  # pyright: ignore[reportPrivateUsage]
        or screen._callbacks  # pyright: ignore[reportPrivateUsage]
    )


def controls(screen: Screen[Any]) -> Iterator[ControlTold]:
    """Everything on the screen that a finger can work, top to bottom, left to right."""
    found = [told for widget in screen.walk_children(Widget) if widget.display for told in _of_widget(screen, widget)]
    yield from sorted(found, key=lambda told: (told["area"][1], told["area"][0]))


def texts(screen: Screen[Any]) -> Iterator[list[int]]:
    """The visible rectangles of every widget's content: a text that wraps is whole inside one of them."""
    for widget in screen.walk_children(Widget):
        if (place := _place(screen, widget)) is not None:
            inside = widget.content_region.intersection(place[1])
            if inside.area:
                yield list(inside)


def _of_widget(screen: Screen[Any], widget: Widget) -> Iterator[ControlTold]:
    place = _place(screen, widget)
    if place is None:
        return
    region, clip = place
    inside = widget.content_region.intersection(clip)
    if isinstance(widget, TellsControls):
        for label, kind, area in widget.stage_controls():
            yield _told(screen, widget, label, kind, area, inside)
    elif isinstance(widget, OptionList):
        for number, option in enumerate(widget.options):
            area = _option_region(widget, number)
            told = _told(screen, widget, option_text(widget, option), "option", area, inside)
            yield told if not option.disabled else {**told, "enabled": False}
    elif isinstance(widget, Field):
        yield _told(screen, widget, widget.label, "field", region, clip)
    elif isinstance(widget, Input) and not isinstance(widget.parent, Field):
        yield _told(screen, widget, str(widget.border_title or widget.placeholder), "field", region, clip)
    elif isinstance(widget, Button):
        yield _told(screen, widget, Content.from_text(widget.label).plain, "button", region, clip)
    elif isinstance(widget, Tab):
        yield _told(screen, widget, widget.label_text, "tab", region, clip)


def _place(screen: Screen[Any], widget: Widget) -> tuple[Region, Region] | None:
    """Where the widget is and what cuts it off; None when it is not laid out at all."""
    try:
        geometry = screen.find_widget(widget)
    except Exception:  # noqa: BLE001  a widget between mounting and its first layout is nowhere
        return None
    return geometry.region, geometry.clip


def _told(screen: Screen[Any], widget: Widget, label: str, kind: str, area: Region, clip: Region) -> ControlTold:
    visible = area.intersection(clip).intersection(screen.region)
    if visible.area and not _touches(screen, widget, visible):
        visible = Region()
    scroll = _scrolling(screen, widget)
    return {
        "id": widget.id or "",
        "label": label,
        "kind": kind,
        "area": list(area),
        "visible": list(visible),
        "enabled": not widget.is_disabled,
        "scroll": list(scroll) if scroll is not None else None,
    }


def _touches(screen: Screen[Any], widget: Widget, visible: Region) -> bool:
    """Whether a touch in the middle of what is visible reaches the widget, not something that covers it."""
    x = visible.x + (visible.width - 1) // 2
    y = visible.y + (visible.height - 1) // 2
    try:
        reached, _region = screen.get_widget_at(x, y)
    except Exception:  # noqa: BLE001  nothing is there
        return False
    node: DOMNode | None = reached
    while node is not None:
        if node is widget:
            return True
        node = node.parent
    return False


def _scrolling(screen: Screen[Any], widget: Widget) -> Region | None:
    """The visible part of the nearest container, the widget included, that can scroll up or down."""
    node: DOMNode | None = widget
    while isinstance(node, Widget):
        if node.max_scroll_y > 0 and node.allow_vertical_scroll and (place := _place(screen, node)) is not None:
            return place[0].intersection(place[1]).intersection(screen.region)
        node = node.parent
    return None


def option_text(options: OptionList, option: Option) -> str:
    """What an option shows, as plain text."""
    prompt = option.prompt
    if isinstance(prompt, str):
        return Content.from_markup(prompt).plain if options._markup else prompt  # pyright: ignore[reportPrivateUsage]
    return str(getattr(prompt, "plain", prompt))


def _option_region(options: OptionList, number: int) -> Region:
    inside = options.content_region
    line: int = options._index_to_line.get(number, 0)  # pyright: ignore[reportPrivateUsage]
    height: int = options._heights.get(number, 1)  # pyright: ignore[reportPrivateUsage]
    return Region(inside.x, inside.y + line - options.scroll_offset.y, inside.width, height)
