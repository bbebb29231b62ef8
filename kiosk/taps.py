"""An application on whose screens nobody presses what has just come up under the finger."""

from __future__ import annotations

import weakref

from textual import events
from textual.errors import NoWidget

from drivers.scanners.wedge import Keystroke
from kiosk.idle import IdleApp
from kiosk.second_press import Meaning, SecondPresses
from kiosk.widgets.button import ActionButton
from kiosk.widgets.paged_list import PagedList


class TappedApp(IdleApp, inherit_bindings=False):
    """Swallows second presses. Scans and typing never come here: a scan is told before, and what types is no press."""

    def prepare_taps(self) -> None:
        """Begin to watch."""
        self.second_presses = SecondPresses()
        self._tap_ends = False

    async def on_event(self, event: events.Event) -> None:
        """A second tap goes no further, its end included."""
        if isinstance(event, events.MouseDown) and not event.is_forwarded:
            self._tap_ends = self.second_presses.touched((event.x, event.y), event.time, self._meaning_at)
            if self._tap_ends:
                return
        elif isinstance(event, events.MouseUp) and not event.is_forwarded and self._tap_ends:
            self._tap_ends = False
            return
        await super().on_event(event)

    def swallows(self, stroke: Keystroke) -> bool:
        """Also a key that bounces, or is held, until another screen has come or the key has got another meaning."""
        again = self.second_presses.pressed(stroke.key, stroke.at, lambda: self._meaning_of(stroke.key))
        return super().swallows(stroke) or again

    def _meaning_at(self, place: tuple[int, int]) -> Meaning:
        try:
            widget, _region = self.screen.get_widget_at(*place)
        except NoWidget:
            return Meaning(weakref.ref(self.screen))
        words = widget.caption if isinstance(widget, ActionButton) else ""
        if isinstance(widget, PagedList):
            words = next((label for label, _kind, area in widget.stage_controls() if area.contains(*place)), "")
        return Meaning(weakref.ref(widget), words)

    def _meaning_of(self, key: str) -> Meaning:
        buttons = self.screen.query(ActionButton)
        words = next((one.caption for one in buttons if one.key == key and one.display), "")
        return Meaning(weakref.ref(self.screen), words)
