"""The status line: how devices and services are, who is signed in, what time it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rich.cells import set_cell_size

from kiosk.i18n import mark, tr
from kiosk.rules.calendar import beijing
from kiosk.services import health
from kiosk.services.health import Level, Reason
from kiosk.services.operators import Operator
from kiosk.widgets.frame import Indicator, RightEnd, Tone

NAME_CELLS: Final = 12
"""Longest part of an operator's name on the status line."""
TROUBLES: Final = frozenset({Tone.ATTENTION, Tone.FAULT})

_TONES: Final = {
    Level.OK: Tone.GOOD,
    Level.UNKNOWN: Tone.OFF,
    Level.ATTENTION: Tone.ATTENTION,
    Level.FAULT: Tone.FAULT,
    Level.OFF: Tone.OFF,
}
_WORDS: Final = {
    Reason.NONE: mark("正常"),
    Reason.NOT_ASKED: mark("未用"),
    Reason.NOT_SET_UP: mark("未接"),
    Reason.PAPER_OUT: mark("缺纸"),
    Reason.PAPER_LOW: mark("纸将尽"),
    Reason.COVER_OPEN: mark("开盖"),
    Reason.OFFLINE: mark("离线"),
    Reason.ERROR: mark("报错"),
    Reason.NO_ANSWER: mark("无应答"),
    Reason.UNREACHABLE: mark("不通"),
    Reason.UNVERIFIED: mark("签名不符"),
    Reason.REFUSED: mark("被拒绝"),
    Reason.MISCONFIGURED: mark("设置有误"),
    Reason.CLOCK_WRONG: mark("时间不准"),
    Reason.UNCERTAIN: mark("待确认"),
    Reason.FAILED: mark("有失败"),
    Reason.FULL: mark("已满"),
    Reason.MONEY_OPEN: mark("有待处理款"),
}


_UNITS: Final = (
    (1, 120, (mark("慢 {count} 秒"), mark("快 {count} 秒"))),
    (60, 7_200, (mark("慢 {count} 分"), mark("快 {count} 分"))),
    (3_600, 172_800, (mark("慢 {count} 小时"), mark("快 {count} 小时"))),
)
_DAYS: Final = (mark("慢 {count} 天"), mark("快 {count} 天"))
_CLOSE_MS: Final = 2_000
"""Providers tell whole seconds, and answers take their time."""


def indicators(now: health.Health) -> tuple[Indicator, ...]:
    """The lights at their fixed places; clock and disk only speak up when something is wrong with them."""
    shown = [
        _light(tr("打印机"), now.printer),
        _light(tr("支付"), replace(now.payment, waiting=0)),
        _light(tr("发票"), now.invoices),
        _light(tr("网络"), now.network),
    ]
    clock = _clock(now.clock)
    disk = _light(tr("磁盘"), now.disk)
    first = (disk,) if disk.tone in TROUBLES else ()
    return (*first, *shown, clock) if clock.tone in TROUBLES else (*first, *shown)


def right_end(operator: Operator | None, now_ms: int) -> RightEnd:
    """Operator and time, at the right edge."""
    clock = beijing(now_ms).strftime("%H:%M")
    if operator is None:
        return RightEnd(clock, clock)
    name = set_cell_size(operator.name, NAME_CELLS).rstrip()
    return RightEnd(f"{operator.number} {name}  {clock}", f"{operator.number}  {clock}")


def _clock(light: health.Indicator) -> Indicator:
    """How far the clock is off, when a provider has told the time."""
    shown = _light(tr("时钟"), light)
    return shown if light.slow_ms is None else replace(shown, word=off_by(light.slow_ms))


def off_by(slow_ms: int) -> str:
    """How far the clock is behind or ahead, in the largest unit that tells: 慢 12 分."""
    seconds = abs(slow_ms) // 1000
    for unit, longest, name in _UNITS:
        if seconds < longest:
            return tr(name[0] if slow_ms >= 0 else name[1], count=seconds // unit)
    return tr(_DAYS[0] if slow_ms >= 0 else _DAYS[1], count=seconds // 86_400)


def clock_sentence(light: health.Indicator, now_ms: int) -> str:
    """The clock as help tells it: the time here, and what the payment provider says about it."""
    now = beijing(now_ms).strftime("%Y-%m-%d %H:%M")
    if light.slow_ms is None:
        return tr("本机时间 {now}（北京时间），还没有和支付平台核对过。", now=now)
    if abs(light.slow_ms) < _CLOSE_MS:
        return tr("本机时间 {now}（北京时间），与支付平台一致。", now=now)
    return tr("本机时间 {now}（北京时间），与支付平台相比：{off}。", now=now, off=off_by(light.slow_ms))


def _light(name: str, light: health.Indicator) -> Indicator:
    silent = light.level is Level.UNKNOWN and light.reason is Reason.NONE
    word = tr("不报状态") if silent else tr(_WORDS[light.reason])
    count = light.troubled or light.waiting
    return Indicator(name, f"{word} {count}" if count and light.level is not Level.OK else word, _TONES[light.level])
