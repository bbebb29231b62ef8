"""`kiosk demo`: the demo shop in this terminal, with its own outside world; `kiosk demo codes`: what can be scanned."""

import contextlib
import fcntl
import json
import os
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kiosk import quick_start
from kiosk.cli.failure import Exit, Failure
from kiosk.cli.run import need_terminal, open_shop, run_application

if TYPE_CHECKING:
    from kiosk.services.clock import Clock

_data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="KIOSK_DATA",
    help="Directory of the demo shop (default: the XDG data home).",
)


@click.group(invoke_without_command=True, short_help="Run the demo shop in this terminal.")
@_data
@click.option(
    "--lang", "language", default="zh_CN", show_default=True, help="Language of the screen: zh_CN, en, ja, ru."
)
@click.option("--world", type=click.Path(path_type=Path, dir_okay=False), hidden=True)
@click.option("--stage", type=click.Path(path_type=Path), hidden=True)
@click.option("--clock-offset", type=int, default=0, hidden=True)
@click.pass_context
def demo(
    context: click.Context,
    data: Path | None,
    language: str,
    world: Path | None,
    stage: Path | None,
    clock_offset: int,
) -> int:
    """Run the demo shop in this terminal: the same program as in a shop, against a sandbox and a virtual printer.

    The shop is seeded on the first use of its directory, the same every time: bound, enrolled, shift open, four
    operators, stock, and 2,000 past sales. `kiosk demo codes` lists operators with their PINs and codes to scan.

    Leave it by 「退出演示」 in the owner's menu, or by pressing Ctrl+Q twice. Exit 3 when another kiosk holds the shop.
    """
    context.obj = data
    if context.invoked_subcommand is not None:
        return Exit.DONE
    language = "zh_CN" if language == "zh" else language
    _check_language(language)
    need_terminal()
    if stage is not None:
        _own_terminal()
    return _show(_directory(data), language, world, stage, clock_offset)


@demo.command(short_help="List operators and codes of the demo shop.")
@_data
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def codes(data: Path | None, as_json: bool) -> int:
    """List who can sign in and what can be scanned. Every demo shop begins with the same; what was sold is left out.

    \b
    With --json:
    {"operators": [{"number", "name", "role": "clerk|manager|owner|support",
                    "pin"}],
     "vehicles": [{"vehicle", "model", "colours": [], "price_fen",
                   "batteries": [all needed, in order], "charger",
                   "incompatible_battery", "wrong_charger"}],
     "sold_vehicle", "banned_vehicle", "unknown_vehicle"}
    """
    from data.database import STORE_FILE
    from kiosk.services.clock import Clock

    directory = _directory(data)
    _refuse_real_shop(directory)
    if data is not None and not (directory / STORE_FILE).is_file():
        _seed(directory, Clock())
    told = _codes(directory)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return Exit.DONE
    for one in told["operators"]:
        click.echo(f"operator  {one['number']}  PIN {one['pin']}  {one['role']:8} {one['name']}")
    for one in told["vehicles"]:
        click.echo(f"vehicle   {one['vehicle']}  {one['model']}  {'、'.join(one['colours'])}")
        click.echo(f"            batteries {' '.join(one['batteries'])}  charger {one['charger']}")
    for name in ("sold_vehicle", "banned_vehicle", "unknown_vehicle"):
        click.echo(f"{name:16} {told[name]}")
    return Exit.DONE


def _codes(directory: Path) -> dict[str, Any]:
    """What the store there still has; what every demo shop begins with where there is none yet."""
    from dataclasses import asdict

    from data.database import STORE_FILE
    from data.store import Store, StoreDamaged
    from kiosk.demo.catalogue import demo_shop
    from kiosk.demo.codes import DemoCodes, DemoSellable, DemoSignIn, demo_codes

    if (directory / STORE_FILE).is_file():
        try:
            store = Store.open_read_only(directory)
        except StoreDamaged as error:
            raise Failure(Exit.STORE, str(error)) from None
        try:
            return asdict(demo_codes(store))
        finally:
            store.close()
    shop = demo_shop()
    fresh = DemoCodes(
        tuple(DemoSignIn(one.number, one.name, one.role.lower(), one.pin) for one in shop.operators),
        tuple(
            DemoSellable(
                *(one.vehicle, one.model, one.colours, one.price_fen, one.batteries, one.charger),
                one.incompatible_battery,
                one.wrong_charger,
            )
            for one in shop.vehicles
        ),
        *(shop.sold_vehicle, shop.banned_vehicle, shop.unknown_vehicle),
    )
    return asdict(fresh)


def _directory(data: Path | None) -> Path:
    """The same default as every verb's, so that look-ups find the demo shop; a real shop there is refused."""
    from kiosk.settings import data_home

    return (data if data is not None else data_home(os.environ)).absolute()


def _refuse_real_shop(directory: Path) -> None:
    """Raises Failure when the store there is not a demo shop's: demo sales never mix with a shop's."""
    from data.database import STORE_FILE
    from data.store import Store, StoreDamaged
    from kiosk.demo.seeding import NotADemoShop, refuse_real_shop

    if not (directory / STORE_FILE).is_file():
        return
    try:
        store = Store.open_read_only(directory)
    except StoreDamaged as error:
        raise Failure(Exit.STORE, str(error)) from None
    try:
        refuse_real_shop(store)
    except NotADemoShop as error:
        raise Failure(Exit.WRONG_USE, str(error)) from None
    finally:
        store.close()


def _check_language(language: str) -> None:
    from kiosk.i18n import LANGUAGES

    if language not in LANGUAGES:
        raise Failure(Exit.WRONG_USE, f"There is no language {language!r}; there are {', '.join(LANGUAGES)}.")


def _own_terminal() -> None:
    """Make the pseudo-terminal that play gave us our controlling one, so that we end when play does."""
    with contextlib.suppress(OSError):
        fcntl.ioctl(sys.stdin.fileno(), termios.TIOCSCTTY, 0)


def _show(directory: Path, language: str, world: Path | None, stage: Path | None, clock_offset: int) -> int:
    from kiosk.services.clock import Clock

    _refuse_real_shop(directory)
    with contextlib.ExitStack() as stack:
        announcement = world.read_text("utf-8") if world is not None else _start_world(directory, stack)
        offset = clock_offset if world is not None else _world_offset(announcement)
        clock = Clock(offset)
        _seed(directory, clock)
        quick_start.begin()
        from kiosk.demo.settings import demo_settings

        shop = open_shop(demo_settings(announcement), directory, clock)
        from kiosk.staged import DemoCustomer, StagedKiosk

        customer = DemoCustomer(announcement)
        if stage is not None:
            return run_application(StagedKiosk(shop, customer, language, stage))
        from kiosk.app import KioskApp

        return run_application(KioskApp(shop, demo=customer, language=language))


def _start_world(directory: Path, stack: contextlib.ExitStack) -> str:
    """Sandbox and printer of this demo, until it ends. Raises Failure."""
    from kiosk.demo.world_process import WorldError, WorldHeld, WorldProcess

    try:
        world = WorldProcess.start(directory / "world")
    except WorldHeld as held:
        raise Failure(Exit.STORE, _holder(directory) or str(held)) from None
    except WorldError as error:
        raise Failure(Exit.OUTSIDE, str(error)) from None
    stack.callback(world.stop)
    return world.announcement


def _holder(directory: Path) -> str:
    """Who holds the store, if anybody: the world of a running demo is held together with it."""
    from data.process_lock import LOCK_FILE, ProcessLock, StoreHeld

    if (directory / LOCK_FILE).exists():
        try:
            ProcessLock(directory, 0).release(clean=False)
        except StoreHeld as held:
            return str(held)
    return ""


def _world_offset(announcement: str) -> int:
    """The world's clock may have been moved by a script before; the kiosk's goes with it."""
    from drivers.sandbox.announcement import Announcement
    from drivers.sandbox.remote import ControlFailed, SandboxControl

    try:
        return SandboxControl(Announcement.from_json(announcement).control).offset_ms()
    except ControlFailed as failed:
        raise Failure(Exit.OUTSIDE, str(failed)) from None


def _seed(directory: Path, clock: "Clock") -> None:
    """Make a new directory the demo shop. Raises Failure."""
    from data.database import STORE_FILE
    from data.store import Store, StoreDamaged, StoreHeld
    from kiosk.demo.seeding import NotADemoShop, seed

    if not (directory / STORE_FILE).exists():
        click.echo("正在准备演示门店，请稍候… Preparing the demo shop, a moment please…", err=True)
    try:
        store = Store.open(directory, now_ms=clock.now_ms)
    except (StoreHeld, StoreDamaged) as error:
        raise Failure(Exit.STORE, str(error)) from None
    except OSError as error:
        raise Failure(Exit.STORE, f"The store in {directory} cannot be used: {error.strerror}.") from None
    try:
        seed(store, clock)
    except NotADemoShop as error:
        raise Failure(Exit.WRONG_USE, str(error)) from None
    finally:
        store.close()
