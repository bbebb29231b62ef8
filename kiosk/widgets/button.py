"""The buttons of the kiosk: three rows high, label and F-key on them, no animation."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Button

Look = Literal["plain", "primary", "careful", "choice"]


class ActionButton(Button, inherit_css=False):
    """A button that does something. Its label is data: it is never read as markup.

    All of its look is in `styles/base.tcss`: Textual's rules for buttons cost more than all others of a screen.

    `key` is the F-key that does the same, written behind the label. `look` tells its weight: `primary` is the marked
    next step, `careful` undoes or abandons something, `choice` selects one of several and may be `chosen`.
    """

    FOCUS_ON_CLICK = False  # a touch does what it says and leaves the typing where it was
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "press", show=False)]

    def __init__(
        self,
        label: str,
        *,
        id: str | None = None,  # noqa: A002  Textual's own name
        key: str = "",
        look: Look = "plain",
        classes: str = "",
        disabled: bool = False,
    ) -> None:
        self.caption = label
        self.key: str = key
        # Textual gives every button this class when it is mounted, and styles it once more for that.
        classes = f"-style-default look-{look} {classes}"
        super().__init__(self._content(), id=id, classes=classes, disabled=disabled)
        self.active_effect_duration = 0

    def say(self, label: str, *, key: str | None = None) -> None:
        """Show another label, and another F-key behind it when one is given; an empty one is none."""
        key = self.key if key is None else key
        if (label, key) != (self.caption, self.key):
            self.caption, self.key = label, key
            self.label = self._content()

    def _content(self) -> Content:
        return Content(f"{self.caption} {self.key.capitalize()}" if self.key else self.caption)


class ChoiceButton(ActionButton):
    """One of several: a colour, a channel, a match. `value` is what choosing it means.

    The arrow keys move the focus to the choice on that side; Space or Enter chooses.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "beside(-1, 0)", show=False),
        Binding("right", "beside(1, 0)", show=False),
        Binding("up", "beside(0, -1)", show=False),
        Binding("down", "beside(0, 1)", show=False),
    ]

    def __init__(self, label: str, value: str, *, chosen: bool = False, classes: str = "") -> None:
        self._chosen = chosen
        super().__init__(label, look="choice", classes=classes)
        self.value = value
        self.set_class(chosen, "chosen")

    @property
    def chosen(self) -> bool:
        """Whether this is the one."""
        return self._chosen

    @chosen.setter
    def chosen(self, chosen: bool) -> None:
        if chosen != self._chosen:
            self._chosen = chosen
            self.set_class(chosen, "chosen")
            self.label = self._content()

    def action_beside(self, right: int, down: int) -> None:
        """Focus the nearest choice on that side, in the same row or column first."""
        here = self.region
        others = [one for one in self.siblings if isinstance(one, ChoiceButton) and one.display]
        ways = [(one, one.region.x - here.x, one.region.y - here.y) for one in others]
        ahead = [
            (abs(x * down + y * right), x * right + y * down, one) for one, x, y in ways if x * right + y * down > 0
        ]
        if ahead:
            min(ahead, key=lambda way: way[:2])[2].focus()

    def _content(self) -> Content:
        return Content(f"✓ {self.caption}" if self._chosen else self.caption)


class TouchKey(ActionButton):
    """A key of an on-screen pad: for fingers only, Tab passes it by."""

    can_focus = False
