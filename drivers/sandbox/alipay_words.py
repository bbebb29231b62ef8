"""Fields of Alipay's business calls: yuan as text, times as Beijing's clock shows them, spans such as ``3m``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from drivers.sandbox.clock import BEIJING, beijing

YUAN = re.compile(r"\d{1,9}(\.\d{1,2})?")
SPAN = re.compile(r"([1-9]\d{0,4})([mhd])")
SPAN_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
LONGEST_SPAN_MS = 15 * 86_400_000
DAY_MS = 86_400_000


class Failed(Exception):  # noqa: N818  an answer of Alipay
    """A business error (40004): it is signed, and ``sub_code`` says which."""

    def __init__(self, sub_code: str, message: str) -> None:
        super().__init__(message)
        self.sub_code = sub_code
        self.message = message


def invalid(message: str) -> Failed:
    """ACQ.INVALID_PARAMETER."""
    return Failed("ACQ.INVALID_PARAMETER", message)


def not_there() -> Failed:
    """ACQ.TRADE_NOT_EXIST."""
    return Failed("ACQ.TRADE_NOT_EXIST", "交易不存在")


def text(body: Mapping[str, Any], name: str, limit: int, default: str | None = None) -> str:
    """A text field; compulsory without default. Raises Failed."""
    value = body.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise invalid(f"{name} 缺失或长度不符")
    return value


def fen(body: Mapping[str, Any], name: str) -> int:
    """A compulsory amount in yuan, as text or number, to whole fen. Raises Failed."""
    value = body.get(name)
    said = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not YUAN.fullmatch(said) or Decimal(said) <= 0:
        raise invalid(f"{name} 缺失或不是有效金额")
    return int(Decimal(said) * 100)


def yuan(amount_fen: int) -> str:
    """``299900`` as ``2999.00``."""
    return f"{amount_fen // 100}.{amount_fen % 100:02}"


def span_ms(body: Mapping[str, Any], name: str, default_ms: int) -> int:
    """A span such as ``3m``, ``2h``, ``1d``, from a minute to 15 days. Raises Failed."""
    value = body.get(name)
    if value is None:
        return default_ms
    said = SPAN.fullmatch(value) if isinstance(value, str) else None
    length = int(said[1]) * SPAN_MS[said[2]] if said else 0
    if not 0 < length <= LONGEST_SPAN_MS:
        raise invalid(f"{name} 格式错误")
    return length


def moment_ms(body: Mapping[str, Any], name: str) -> int | None:
    """A moment ``yyyy-MM-dd HH:mm:ss`` of Beijing's clock, or None. Raises Failed."""
    value = body.get(name)
    if value is None:
        return None
    at = beijing_ms(value) if isinstance(value, str) else None
    if at is None:
        raise invalid(f"{name} 格式错误")
    return at


def beijing_ms(text_: str) -> int | None:
    """``yyyy-MM-dd HH:mm:ss`` of Beijing's clock as epoch ms, or None when it is anything else."""
    try:
        at = datetime.strptime(text_, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError:
        return None
    return int(at.timestamp() * 1000)


def beijing_text(ms: int) -> str:
    """An epoch time as ``yyyy-MM-dd HH:mm:ss`` of Beijing's clock."""
    return f"{beijing(ms):%Y-%m-%d %H:%M:%S}"
