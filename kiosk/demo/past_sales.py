"""The demo shop's past: any number of plausible finished sales, the same on every call for the same arguments.

Their codes lie far from those in stock. At most a year is filled: more sales make its days busier.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from kiosk.demo.models import BATTERY_MODELS, VEHICLE_MODELS
from kiosk.rules.calendar import day_bounds

MAX_PAST_SALES = 2_000_000

_FIRST_VEHICLE_SERIAL = 50_000_000
_FIRST_BATTERY_SERIAL = 1_000_000
_MOST_BATTERIES = 4
_WEEK = (7, 6, 6, 7, 8, 11, 10)  # sales from Monday to Sunday, before scaling
_OPENS_MS = 9 * 3_600_000
_OPEN_MS = 10 * 3_600_000
_TAKES_MS = 4 * 60_000

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = (
    "伟",
    "芳",
    "秀英",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "军",
    "洋",
    "勇",
    "艳",
    "杰",
    "小满",
    "建国",
    "雨桐",
    "子涵",
    "晓禾",
    "志远",
)
_DIVISIONS = (
    ("330106", "浙江省 杭州市 西湖区"),
    ("330105", "浙江省 杭州市 拱墅区"),
    ("330108", "浙江省 杭州市 滨江区"),
    ("330109", "浙江省 杭州市 萧山区"),
    ("330110", "浙江省 杭州市 余杭区"),
    ("330102", "浙江省 杭州市 上城区"),
    ("330122", "浙江省 杭州市 桐庐县"),
    ("330481", "浙江省 嘉兴市 海宁市"),
    ("310112", "上海市 闵行区"),
    ("429004", "湖北省 仙桃市"),
    ("441900", "广东省 东莞市"),
)
_STREETS = ("示范路", "样例街", "测试巷", "演示大道", "假想里")
_DISCOUNTS_FEN = (0, 0, 5_000, 10_000, 0, 15_000, 0, 20_000, 9_900)
_PREFIXES = {pack.model: pack.prefix for pack in BATTERY_MODELS}
_SELLERS = ("1001", "1001", "1001", "1002")


@dataclass(frozen=True, slots=True)
class PastSale:
    """One finished sale. `sequence` counts within `day` from 1; times are UTC epoch ms, prices fen."""

    index: int
    day: str
    sequence: int
    opened_at_ms: int
    ordered_at_ms: int
    paid_at_ms: int
    operator: str
    vehicle: str
    model: str
    colour: str
    batteries: tuple[str, ...]
    battery_model: str
    charger: str
    list_price_fen: int
    price_fen: int
    customer_name: str
    customer_phone: str
    division_code: str
    division_text: str
    address: str


def past_vehicle_code(index: int) -> str:
    """The vehicle that the past sale `index` (from 0, the oldest) sold; it does not depend on the count."""
    model = VEHICLE_MODELS[index % len(VEHICLE_MODELS)]
    return f"{model.maker_code}226{_FIRST_VEHICLE_SERIAL + index:08d}"


def past_sales(count: int, until_day: str) -> Iterator[PastSale]:
    """Yield `count` sales, oldest first, on the business days before `until_day` (ISO date, itself left out).

    Raises ValueError for a count below 0 or above MAX_PAST_SALES, Refusal DATE_INVALID for no date.
    """
    if not 0 <= count <= MAX_PAST_SALES:
        raise ValueError(f"between 0 and {MAX_PAST_SALES} past sales, not {count}")
    day_bounds(until_day)
    return _sales(count, date.fromisoformat(until_day))


def _sales(count: int, until: date) -> Iterator[PastSale]:
    index = 0
    for day, on_day in _spread(count, until):
        start_ms, _ = day_bounds(day)
        for sequence in range(1, on_day + 1):
            paid_at_ms = start_ms + _OPENS_MS + (2 * sequence - 1) * _OPEN_MS // (2 * on_day)
            yield _sale(index, day, sequence, paid_at_ms)
            index += 1


def _spread(count: int, until: date) -> list[tuple[str, int]]:
    """How many sales fell on which day, oldest first."""
    scale = -(-count // (52 * sum(_WEEK))) or 1
    days: list[tuple[str, int]] = []
    day = until
    left = count
    while left:
        day -= timedelta(days=1)
        on_day = min(left, _WEEK[day.weekday()] * scale)
        days.append((day.isoformat(), on_day))
        left -= on_day
    return days[::-1]


def _sale(index: int, day: str, sequence: int, paid_at_ms: int) -> PastSale:
    model = VEHICLE_MODELS[index % len(VEHICLE_MODELS)]
    first = _FIRST_BATTERY_SERIAL + index * _MOST_BATTERIES
    # Every ninth customer has been here before.
    person = index // 2 if index % 9 == 8 else index
    division_code, division_text = _DIVISIONS[person % len(_DIVISIONS)]
    prefix = _PREFIXES[model.pack]
    opened_at_ms = paid_at_ms - _TAKES_MS - index % 7 * 20_000
    return PastSale(
        index=index,
        day=day,
        sequence=sequence,
        opened_at_ms=opened_at_ms,
        ordered_at_ms=paid_at_ms - 25_000,
        paid_at_ms=paid_at_ms,
        operator=_SELLERS[index % len(_SELLERS)],
        vehicle=past_vehicle_code(index),
        model=model.model,
        colour=model.colours[index // len(VEHICLE_MODELS) % len(model.colours)],
        batteries=tuple(f"{prefix}{first + place:07d}" for place in range(model.battery_count)),
        battery_model=model.pack,
        charger=model.charger,
        list_price_fen=model.list_price_fen,
        price_fen=max(model.list_price_fen - _DISCOUNTS_FEN[index % len(_DISCOUNTS_FEN)], model.floor_price_fen),
        customer_name=_SURNAMES[person * 7 % len(_SURNAMES)] + _GIVEN[person * 11 % len(_GIVEN)],
        customer_phone=f"154{(person * 7_919 + 2_000) % 100_000_000:08d}",
        division_code=division_code,
        division_text=division_text,
        address=f"{_STREETS[person % len(_STREETS)]}{person % 300 + 1}号",
    )
