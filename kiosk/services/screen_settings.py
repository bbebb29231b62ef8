"""What people set on the screen itself and find again after a restart, kept for this terminal in its store."""

from __future__ import annotations

from data.models.shop import Setting
from data.store import Store
from data.unit_of_work import Tx

_THEME = "screen.theme"


class ScreenSettings:
    """The looks of one terminal's screen. No role's command: whoever stands before it must be able to read it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._theme = store.read_now(_kept_theme)

    @property
    def theme(self) -> str:
        """The name of the theme in use; empty when nobody ever chose one."""
        return self._theme

    async def use_theme(self, name: str) -> None:
        """Keep another theme."""

        def work(tx: Tx) -> None:
            tx.put(Setting, name=_THEME, value=name)

        await self._store.write(work)
        self._theme = name


def _kept_theme() -> str:
    kept = Setting.find(_THEME)
    return "" if kept is None else kept.value
