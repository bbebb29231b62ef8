"""The kiosk with a stage for `kiosk play`, and the demo's customer for people who try it by hand."""

import asyncio
from pathlib import Path

from textual import events

from kiosk.app import KioskApp
from kiosk.shop import Shop
from kiosk.stage import Stage


class DemoCustomer:
    """What only the demo can do: the customer pays without a phone."""

    def __init__(self, announcement: str) -> None:
        self._announcement = announcement

    async def pay(self, code: str) -> None:
        """Pay the shown payment code in the sandbox. Raises OSError when the sandbox does not answer or refuses."""
        from drivers.sandbox.announcement import Announcement
        from drivers.sandbox.remote import ControlFailed, SandboxControl

        control = SandboxControl(Announcement.from_json(self._announcement).control)
        try:
            await asyncio.to_thread(control.pay, code)
        except ControlFailed as failed:
            raise OSError(str(failed)) from None


class StagedKiosk(KioskApp):
    """The demo application under `kiosk play`: the same application, which also tells where its controls are."""

    def __init__(self, shop: Shop, customer: DemoCustomer, language: str, socket: Path) -> None:
        super().__init__(shop, demo=customer, language=language)
        self._socket = socket
        self._stage = Stage(self, self._work_under_way, self._advance, self._switch_language)
        self._store = shop.store

    async def on_ready(self) -> None:
        await self._stage.listen(self._socket)

    def on_app_focus(self, _event: events.AppFocus) -> None:
        self._stage.focus_reported()

    async def on_unmount(self) -> None:
        self._stage.close()

    def _work_under_way(self) -> list[str]:
        """Commands, saves, loads of screens and units of work in flight, and keys that are held back; by name."""
        told = [f"command {name!r}" for name in sorted(self._working.names)]
        if self.busy > len(told):
            told.append(f"{self.busy - len(told)} saves or loads")
        if self._store.busy:
            told.append(f"{self._store.busy} units of work")
        if self._splitter.deadline is not None:
            told.append("keys held back")
        return told + [f"worker {one.group!r} of {one.node!r}" for one in self.workers if one.is_running]

    def _advance(self, ms: int, untouched: bool) -> None:
        self.shop.clock.advance(ms)
        if untouched:
            self.leave_untouched(ms / 1000)

    def _switch_language(self, language: str) -> None:
        self.command("language", lambda: self.use_language(language), queued=True)
