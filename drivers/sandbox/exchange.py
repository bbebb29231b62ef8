"""One HTTP exchange as the sandbox's sides see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast
from urllib.parse import parse_qs


@dataclass(frozen=True, slots=True)
class Request:
    """What came in. Header names are lower case; ``target`` is path and query exactly as sent."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def query(self, name: str) -> str:
        """The first value of a query field, or empty."""
        return parse_qs(self.target.partition("?")[2]).get(name, [""])[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out. signed: by the provider's key, over the body."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What one request is answered under. as_of_ms: the time queries answer for; fault: the kind in force, or empty."""

    as_of_ms: int
    origin: str = ""
    fault: str = ""


class Side(Protocol):
    """One provider: requests in, replies out."""

    def endpoint(self, request: Request) -> str | None:
        """The name faults know this request by; None when this side has no such address."""
        ...

    def instead(self, kind: str, request: Request) -> Reply | None:
        """What a fault answers in place of executing the request; None: the request is executed."""
        ...

    def answer(self, request: Request, around: Circumstances) -> Reply:
        """Execute one request, inside one unit of work."""
        ...

    def altered(self, reply: Reply, kind: str) -> Reply:
        """What a fault makes of the answer to a request that was executed."""
        ...


def json_reply(value: object, status: int = 200) -> Reply:
    """A reply with compact UTF-8 JSON."""
    return Reply(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in ``body``, or None when it is anything else or holds half a character."""
    try:
        value: object = json.loads(body)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
