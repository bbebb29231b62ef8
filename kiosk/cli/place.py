"""Which shop a verb works on: `--data DIR`, or `--config FILE` and what it says, or the XDG data home."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kiosk.cli.failure import Exit, Failure

if TYPE_CHECKING:
    from data.store import Store
    from kiosk.settings import Loaded

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Place:
    """A shop's directory and its settings."""

    directory: Path
    loaded: "Loaded"


def shop_options(command: _Command) -> _Command:
    """Add `--data` and `--config` to a verb."""
    data = click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="KIOSK_DATA",
        help="Directory of the shop (default: the XDG data home).",
    )
    config = click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="KIOSK_CONFIG",
        help="Settings file (default: kiosk.toml in that directory, if there is one).",
    )
    return data(config(command))


def find_place(data: Path | None, config: Path | None) -> Place:
    """Load the settings and find the directory. Raises Failure for settings that cannot be used."""
    from kiosk.settings import FILE_NAME, SettingsError, data_home, load_settings

    home = data if data is not None else data_home(os.environ)
    if config is None and (home / FILE_NAME).is_file():
        config = home / FILE_NAME
    try:
        loaded = load_settings(config, os.environ)
    except SettingsError as error:
        raise Failure(Exit.WRONG_USE, str(error)) from None
    if data is None and loaded.settings.store.directory:
        home = Path(loaded.settings.store.directory)
    return Place(home.absolute(), loaded)


def need_store(place: Place) -> None:
    """Raises Failure when there is no store to look into: never was, or no longer beside the key it left behind."""
    from data.chain import KEY_FILE
    from data.database import STORE_FILE

    if not (place.directory / STORE_FILE).is_file():
        if (place.directory / KEY_FILE).exists():
            raise Failure(Exit.STORE, f"The store in {place.directory} is gone; restore a backup.")
        raise Failure(Exit.WRONG_USE, f"There is no shop in {place.directory}.")


@contextmanager
def reading(place: Place) -> Generator["Store"]:
    """The shop's store for looking, beside a running kiosk or without one. Raises Failure."""
    from data.store import Store, StoreDamaged

    need_store(place)
    try:
        store = Store.open_read_only(place.directory)
    except StoreDamaged as error:
        raise Failure(Exit.STORE, str(error)) from None
    try:
        yield store
    finally:
        store.close()
