"""`kiosk run`: the kiosk of a shop, in this terminal."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk import quick_start
from kiosk.cli.failure import Exit, Failure
from kiosk.cli.place import find_place, shop_options

if TYPE_CHECKING:
    from kiosk.app import KioskApp
    from kiosk.services.clock import Clock
    from kiosk.settings import Settings
    from kiosk.shop import Shop


@click.command(short_help="Run the kiosk of a shop in this terminal.")
@shop_options
def run(data: Path | None, config: Path | None) -> int:
    """Run the kiosk of a shop in this terminal until it is stopped.

    Exit 3 with one sentence when another kiosk holds the shop (it says which), or when the store is damaged.
    """
    quick_start.begin()
    from kiosk.services.clock import Clock

    need_terminal()
    place = find_place(data, config)
    shop = open_shop(place.loaded.settings, place.directory, Clock())
    from kiosk.app import KioskApp
    from kiosk.idle import IdleTimes

    settings = place.loaded.settings
    idle = IdleTimes(settings.screen.dim_seconds, settings.screen.lock_seconds)
    return run_application(KioskApp(shop, language=settings.shop.language, idle=idle))


def need_terminal() -> None:
    """Raises Failure when there is no terminal to run in."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Failure(Exit.WRONG_USE, "The kiosk needs a terminal to run in.")


def open_shop(settings: "Settings", directory: Path, clock: "Clock") -> "Shop":
    """The shop, ready to be shown. Raises Failure when its store is held or damaged."""
    from data.store import StoreDamaged, StoreHeld
    from kiosk import trouble
    from kiosk.settings import SettingsError
    from kiosk.shop import Shop

    try:
        shop = Shop.open(settings, directory, clock)
        trouble.open_log(directory)
        return shop
    except (StoreHeld, StoreDamaged) as error:
        raise Failure(Exit.STORE, str(error)) from None
    except SettingsError as error:
        raise Failure(Exit.WRONG_USE, str(error)) from None
    except OSError as error:
        raise Failure(Exit.STORE, f"The store in {directory} cannot be used: {error.strerror}.") from None


def run_application(app: "KioskApp") -> int:
    """Show the application until it ends; SIGTERM and a closed terminal end it in order."""
    import asyncio
    import signal

    quick_start.loaded()

    async def show() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, app.exit)
        await app.run_async()

    asyncio.run(show())
    return app.return_code or 0
