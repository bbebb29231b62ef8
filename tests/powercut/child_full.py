"""A till whose medium is full at the worst moment: when the code is on the customer's screen.

    python child_full.py SHOP_DIR ANNOUNCEMENT.json --room FILE | --ballast FILE [--tight]

`--room`: the recorder below us (disk.c) refuses what would grow the directory; `--ballast`: a file on the same medium
that takes what is left of it. `--tight`: not even the reserve helps until there is room again.
Prints one JSON document of what happened.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

from child_till import CLERK, QuickClock, is_finished, open_sale

from data.reserve import RESERVE_BYTES
from data.states import Channel, PaymentOrderState
from drivers.sandbox.announcement import Announcement
from drivers.sandbox.remote import SandboxControl
from kiosk.demo.settings import demo_settings
from kiosk.rules.refusals import Refusal
from kiosk.services.health import Level
from kiosk.services.views import Sale
from kiosk.shop import Shop


class Medium:
    """The disk under the shop."""

    def __init__(self, shop: Path, room: Path | None, ballast: Path | None) -> None:
        self._shop, self._room, self._ballast = shop, room, ballast

    def fill(self, *, tight: bool) -> None:
        if self._room is not None:
            used = sum(path.stat().st_size for path in self._shop.rglob("*") if path.is_file())
            self._room.write_text(str(used - (RESERVE_BYTES if tight else 0)))
        elif self._ballast is not None:
            size = 1 << 20
            with self._ballast.open("ab", buffering=0) as file:
                while size:
                    try:
                        file.write(bytes(size))
                    except OSError:
                        size //= 2

    def give_back(self) -> None:
        for one in (self._room, self._ballast):
            if one is not None:
                one.unlink()


class Log(logging.Handler):
    """Every warning and error of the run, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


async def until(shop: Shop, sale: Sale, control: SandboxControl, reached) -> Sale:
    moved = asyncio.Event()
    forget = shop.changes.subscribe(lambda keys: moved.set())
    async with asyncio.timeout(60):
        while not reached(sale):
            await asyncio.to_thread(control.advance, 500)
            await moved.wait()
            moved.clear()
            sale = await shop.sales.load(sale.id)
    forget()
    return sale


async def refused(work) -> str:
    try:
        await work
    except Refusal as refusal:
        return refusal.reason.value
    return "taken"


async def story(shop: Shop, medium: Medium, control: SandboxControl, *, tight: bool) -> dict[str, object]:
    told: dict[str, object] = {"room at first": shop.store.room}
    log = Log()
    logging.getLogger().addHandler(log)
    await shop.start()
    parked = await open_sale(shop, 0)
    sale = await open_sale(shop, 1)
    sale = await shop.collection.start(sale.id, Channel.WECHAT, sale.list_total_fen, CLERK)
    sale = await until(shop, sale, control, lambda now: now.payment.state is PaymentOrderState.WAITING)
    medium.fill(tight=tight)
    await asyncio.to_thread(control.pay, sale.payment.code)
    if tight:
        while not any("StoreFull" in line for line in log.lines):  # the follower's words about a step that failed
            await asyncio.sleep(0.05)
        told["state while full"] = (await shop.sales.load(sale.id)).state
    else:
        sale = await until(shop, sale, control, is_finished)
    told["room when full"] = shop.store.room
    told["disk light"] = shop.health.current().disk.level == Level.FAULT
    told["new sale"] = await refused(open_sale(shop, 2))
    told["new payment"] = await refused(shop.collection.start(parked.id, Channel.WECHAT, parked.list_total_fen, CLERK))
    medium.give_back()
    sale = await until(shop, sale, control, is_finished)
    while not shop.store.room:
        await shop.store.write(lambda tx: None)
    told["disk light after"] = shop.health.current().disk.level == Level.FAULT
    told["new payment after"] = await refused(
        shop.collection.start(parked.id, Channel.WECHAT, parked.list_total_fen, CLERK)
    )
    told["state"] = sale.state
    told["log"] = log.lines
    await shop.stop()
    return told


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("announcement", type=Path)
    parser.add_argument("--room", type=Path)
    parser.add_argument("--ballast", type=Path)
    parser.add_argument("--tight", action="store_true")
    told = parser.parse_args()
    announcement = told.announcement.read_text("utf-8")
    shop = Shop.open(demo_settings(announcement), told.directory, QuickClock())
    control = SandboxControl(Announcement.from_json(announcement).control)
    medium = Medium(told.directory, told.room, told.ballast)
    print(json.dumps(asyncio.run(story(shop, medium, control, tight=told.tight))), flush=True)


if __name__ == "__main__":
    main()
