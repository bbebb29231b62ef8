"""The remaining time of a locked account, counted down in the message line of the screen that asks for the PIN."""

from __future__ import annotations

from kiosk.i18n import tr
from kiosk.rules.refusals import Reason, Refusal
from kiosk.screens.base import KioskScreen
from kiosk.services.operators import Operator
from kiosk.widgets.frame import MessageLine, Tone


class PinScreen(KioskScreen):
    """A screen with the fields `operator` and `pin`."""

    _free_at_ms = 0
    _said = ""
    """The sentence of the lock as it was said last; another sentence in its place ends the countdown."""

    async def sign_in(self, number: str, pin: str) -> Operator:
        """Sign in; a lock is told with its remaining time, which then runs. Raises Refusal."""
        try:
            return await self.shop.sign_in.sign_in(number, pin)
        except Refusal as refusal:
            if refusal.reason is not Reason.ACCOUNT_LOCKED:
                raise
            self._free_at_ms = self.shop.clock.steady_ms() + int(refusal.facts["seconds"]) * 1000
            self._said = self._sentence(refusal)
            raise

    def tick(self) -> None:
        line = self.query_one(MessageLine)
        if not self._said or line.text != self._said:
            return
        left_ms = self._free_at_ms - self.shop.clock.steady_ms()
        if left_ms <= 0:
            self._said = ""
            line.say(Tone.GOOD, tr("现在可以再试一次。"))
            return
        self._said = self._sentence(Refusal(Reason.ACCOUNT_LOCKED, seconds=str(-(-left_ms // 1000))))
        line.say(Tone.FAULT, self._said)

    def _sentence(self, refusal: Refusal) -> str:
        from kiosk.screens import wording

        return wording.sentence(refusal)
