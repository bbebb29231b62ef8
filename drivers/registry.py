"""Drivers by name, loaded when first asked for, so that one that cannot load is a warning and not a dead kiosk."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Generic, TypeVar

Driver = TypeVar("Driver")


class DriverNotLoaded(Exception):  # noqa: N818  a state of the driver
    """The name is unknown, or the driver's module or what it needs cannot be imported. The message says which."""


class Registry(Generic[Driver]):
    """One family of drivers. ``members`` maps a name to ``package.module:Class``; nothing is imported before `load`."""

    def __init__(self, base: type[Driver], members: Mapping[str, str]) -> None:
        self._base = base
        self._members = dict(members)

    def names(self) -> tuple[str, ...]:
        """Every name that `load` knows, whether or not it can be loaded here."""
        return tuple(self._members)

    def load(self, name: str) -> type[Driver]:
        """The driver class called ``name``. Raises DriverNotLoaded."""
        place = self._members.get(name)
        if place is None:
            raise DriverNotLoaded(f"there is no driver {name!r}; known: {', '.join(self._members)}")
        module_name, _, class_name = place.partition(":")
        try:
            found: object = getattr(import_module(module_name), class_name)
        except (ImportError, AttributeError, OSError) as error:
            raise DriverNotLoaded(f"driver {name!r} cannot be loaded: {error}") from error
        if not (isinstance(found, type) and issubclass(found, self._base)):
            raise DriverNotLoaded(f"driver {name!r} is not a {self._base.__name__}")
        return found
