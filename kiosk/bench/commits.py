"""Commits: the CPU time of one sale's units of work, beside the very same statements in raw SQLite.

Two shops sell the same goods at the same time, headless: one is timed, of the other every statement is written down
and handed to a process that runs it on a copy of the store with nothing around it: WAL, synchronous=FULL, the same
triggers and the same library (Python's own sqlite3 may be too old to read the schema). Timed is the CPU of the thread
that writes, the system's part in it included.
"""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from data.database import DATABASE, STORE_FILE
from data.states import Channel, PrintJobState, Role, SaleState
from kiosk.bench.clerk import World
from kiosk.bench.figures import Figure, Floor, Limit, Of, Values
from kiosk.bench.room import Room
from kiosk.demo.catalogue import demo_shop
from kiosk.demo.settings import demo_settings
from kiosk.services.clock import Clock
from kiosk.services.views import Operator, Sale
from kiosk.shop import Shop

if TYPE_CHECKING:
    from kiosk.demo.catalogue import DemoVehicle

Statement = tuple[str, Any]

_PATIENCE_S: Final = 30.0
_POLLED_MS: Final = 4000
"""How far the clocks go on after a payment, so that it is asked for at once."""


def measure(room: Room, rounds: int) -> list[Figure]:
    """`commit`."""
    world = World(room.directory / "commit-world")
    try:
        ours, theirs = asyncio.run(_sell_twice(room, world, rounds))
    finally:
        world.stop()
    return [
        Figure(
            "commit",
            "CPU time of all units of work of one sale",
            "ms",
            Values(ours),
            Floor("the same statements in raw SQLite, WAL and FULL", Values(theirs)),
            (Limit(Of.RATIO, 9.0),),
        )
    ]


async def _sell_twice(room: Room, world: World, rounds: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """CPU milliseconds of our writing thread, and of raw SQLite, a pair each sale."""
    raw = _Raw(room, room.shop("commit-raw") / STORE_FILE)
    timed = _open(world, room.shop("commit-timed"))
    traced = _open(world, room.shop("commit-traced"))
    ours: list[float] = []
    theirs: list[float] = []
    try:
        for shop in (timed, traced):
            await shop.start()
        told = _Told()
        await traced.store.write(lambda tx: told.listen())
        for number, goods in enumerate(demo_shop().vehicles[: rounds + 1]):
            begun = await timed.store.write(lambda tx: time.thread_time_ns())
            await _sell(timed, world, goods)
            spent = await timed.store.write(lambda tx: time.thread_time_ns()) - begun
            await _sell(traced, world, goods)
            cost = raw.run(await traced.store.write(lambda tx: told.take()))
            if number:  # the first one fills both caches of statements
                ours.append(spent / 1e6)
                theirs.append(cost / 1e6)
    finally:
        for shop in (timed, traced):
            await shop.stop()
        raw.stop()
    return tuple(ours), tuple(theirs)


def _open(world: World, directory: Path) -> Shop:
    return Shop.open(demo_settings(world.announcement), directory, Clock())


async def _sell(shop: Shop, world: World, goods: DemoVehicle) -> None:
    """One sale from its vehicle to both slips printed."""
    found = next(one for one in demo_shop().operators if one.role == "CLERK")
    clerk = Operator(number=found.number, name=found.name, role=Role.CLERK)
    sales = shop.sales
    sale = await sales.open_bundle(clerk, goods.vehicle)
    await sales.choose_colour(sale.id, goods.colours[0], operator=clerk)
    await sales.start_bundle(sale.id, operator=clerk)
    for code in (*goods.batteries, goods.charger):
        await sales.add_code(sale.id, code, operator=clerk)
    await sales.finish_goods(sale.id, operator=clerk)
    division = sales.find_divisions("西湖区")[0].code
    sale = await sales.submit_customer(sale.id, "王小明", "13800138000", division, "文三路 1 号", operator=clerk)
    await shop.collection.start(sale.id, Channel.WECHAT, sale.list_total_fen, clerk)
    sale = await _until(shop, sale.id, lambda sale: sale.payment is not None and bool(sale.payment.code))
    assert sale.payment is not None
    code = sale.payment.code
    await asyncio.to_thread(lambda: world.control.pay(code or ""))
    shop.clock.advance(await asyncio.to_thread(_on, world))
    await _until(
        shop,
        sale.id,
        lambda sale: (
            sale.state is SaleState.DONE and [job.state for job in sale.print_jobs] == [PrintJobState.PRINTED] * 2
        ),
    )


def _on(world: World) -> int:
    world.control.advance(_POLLED_MS)
    return _POLLED_MS


async def _until(shop: Shop, sale_id: str, reached: Callable[[Sale], bool]) -> Sale:
    moved = asyncio.Event()
    forget = shop.changes.subscribe(lambda keys: moved.set() if f"sale:{sale_id}" in keys else None)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while not reached(sale := await shop.sales.load(sale_id)):
                await moved.wait()
                moved.clear()
    finally:
        forget()
    return sale


class _Told:
    """Writes down what the writing thread's connection is told, transactions included."""

    def __init__(self) -> None:
        self._statements: list[Statement] = []

    def listen(self) -> None:
        """From the next transaction on. On the writing thread."""
        cast("Any", DATABASE.native()).exec_trace = self._note

    def take(self) -> list[Statement]:
        """The whole transactions since the last time; the one this is asked in is none of them."""
        taken, self._statements = self._statements, []
        verbs = [sql.partition(" ")[0] for sql, _ in taken]
        if "COMMIT" not in verbs or "BEGIN" not in verbs:
            return []
        last = len(verbs) - 1 - verbs[::-1].index("COMMIT")
        return taken[verbs.index("BEGIN") : last + 1]

    def _note(self, _cursor: object, sql: str, bindings: object) -> bool:
        self._statements.append((sql, bindings))
        return True


class _Raw:
    """The process that runs the statements; it shares neither interpreter nor cache with the shops."""

    def __init__(self, room: Room, store: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-m", "kiosk.bench.raw_sqlite", str(store)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=room.environment,
        )

    def run(self, statements: list[Statement]) -> int:
        """Nanoseconds of CPU."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(statements, self._process.stdin)
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("raw SQLite did not take the statements")
        return int(answer)

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_PATIENCE_S)
