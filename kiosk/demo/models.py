"""The catalogue of the demo shop: invented brands, makers and models with market-like prices, packs and colours.

No brand, maker or number here belongs to anybody. Nominal voltages keep to the 48 V limit of GB 17761-2024.
"""

from dataclasses import dataclass

EDITION_OLD = "GB17761-2018"
EDITION_NEW = "GB17761-2024"

_FLOOR_PERCENT = 80
_CEILING_PERCENT = 110


@dataclass(frozen=True, slots=True)
class DemoVehicleModel:
    """A vehicle model; prices in fen, `pack` is the battery model it needs `battery_count` times."""

    model: str
    brand: str
    maker: str
    name: str
    maker_code: str
    list_price_fen: int
    floor_price_fen: int
    ceiling_price_fen: int
    colours: tuple[str, ...]
    certificate: str
    ccc: str
    chemistry: str
    voltage_v: int
    battery_count: int
    edition: str
    pack: str
    charger: str


@dataclass(frozen=True, slots=True)
class DemoBatteryModel:
    """A battery model; `prefix` is how its codes begin, seven digits of serial follow."""

    model: str
    maker: str
    name: str
    chemistry: str
    voltage_v: int
    capacity_ah: int
    prefix: str
    ccc: str


@dataclass(frozen=True, slots=True)
class DemoChargerModel:
    """A charger model; its `code` names the model, not a unit."""

    code: str
    model: str
    name: str
    chemistry: str
    voltage_v: int
    ccc: str


BATTERY_MODELS = (
    DemoBatteryModel("HL-L4812", "恒砺", "磷酸铁锂 48V12Ah", "LFP", 48, 12, "990PB48SYNTH12G1A", "2026001119900001"),
    DemoBatteryModel("HL-L4820", "恒砺", "磷酸铁锂 48V20Ah", "LFP", 48, 20, "990PB48SYNTH20G1A", "2026001119900002"),
    DemoBatteryModel("CD-L4820", "澄电", "磷酸铁锂 48V20Ah", "LFP", 48, 20, "991PB48SYNTH20G2B", "2026001119900003"),
    DemoBatteryModel("CD-N4824", "澄电", "三元锂 48V24Ah", "NCM", 48, 24, "991PE48SYNTH24G2B", "2026001119900004"),
    DemoBatteryModel("PN-N3612", "磐能", "三元锂 36V12Ah", "NCM", 36, 12, "992PE36SYNTH12G3C", "2026001119900005"),
    DemoBatteryModel("HL-6-DZF-20", "恒砺", "铅酸 12V20Ah", "LEAD_ACID", 12, 20, "6DZF20SYN0026", ""),
    DemoBatteryModel("PN-6-DZF-12", "磐能", "铅酸 12V12Ah", "LEAD_ACID", 12, 12, "6DZF12SYN0226", ""),
    DemoBatteryModel("PN-L4820", "磐能", "磷酸铁锂 48V20Ah", "LFP", 48, 20, "992PB48SYNTH20G3C", "2026001119900006"),
    DemoBatteryModel("CD-6-DZF-20", "澄电", "铅酸 12V20Ah", "LEAD_ACID", 12, 20, "6DZF20SYN0126", ""),
)
"""The last two are in stock, but no maker has declared for which vehicles: unknown pairings."""

UNDECLARED_BATTERY_MODELS = ("PN-L4820", "CD-6-DZF-20")

CHARGER_MODELS = (
    DemoChargerModel("JW0000000-26-A1", "HL-C4803", "锂电充电器 48V3A", "LFP", 48, "2026001119800001"),
    DemoChargerModel("JW0000000-26-B1", "CD-C4803", "三元锂充电器 48V3A", "NCM", 48, "2026001119800002"),
    DemoChargerModel("JW0000000-26-C1", "PN-C3602", "三元锂充电器 36V2A", "NCM", 36, "2026001119800003"),
    DemoChargerModel("JW0000000-25-P4", "HL-P4802", "铅酸充电器 48V2A", "LEAD_ACID", 48, ""),
    DemoChargerModel("JW0000000-25-P3", "PN-P3602", "铅酸充电器 36V2A", "LEAD_ACID", 36, ""),
)

_MAKERS = {
    "云驰": ("云驰车业（演示）", "9990"),
    "青岚": ("青岚科技（演示）", "9991"),
    "小橘": ("小橘出行（演示）", "9992"),
    "栗松": ("栗松车辆（演示）", "9993"),
    "星坪": ("星坪智造（演示）", "9994"),
    "鹤川": ("鹤川实业（演示）", "9995"),
}

# Brand, name, colours, yuan, battery model, how many of it.
_ROWS: tuple[tuple[str, str, str, int, str, int], ...] = (
    ("云驰", "云驰 轻风 A1", "亮黑 中华红 珠光白", 2999, "HL-L4812", 1),
    ("青岚", "青岚 城行 C2", "亮黑", 3299, "HL-L4820", 1),
    ("小橘", "小橘 豆豆 D1", "雾霾蓝 奶油黄 樱花粉", 2599, "HL-6-DZF-20", 4),
    ("栗松", "栗松 通勤 T3", "中华红/亮黑 珠光白/亮黑", 3599, "CD-L4820", 1),
    ("星坪", "星坪 极客 G5", "哑光灰 亮黑", 4599, "CD-N4824", 1),
    ("鹤川", "鹤川 便行 B1", "珠光白", 1999, "PN-6-DZF-12", 3),
    ("云驰", "云驰 轻风 A2", "亮黑 雾霾蓝", 3199, "HL-L4820", 1),
    ("青岚", "青岚 远山 Y1", "松针绿 亮黑 珠光白", 3799, "HL-L4820", 2),
    ("小橘", "小橘 跳跳 J2", "奶油黄/珠光白", 2799, "CD-L4820", 1),
    ("栗松", "栗松 载重 Z1", "亮黑 哑光灰", 2899, "HL-6-DZF-20", 4),
    ("星坪", "星坪 折叠 F1", "珠光白 哑光灰", 3399, "PN-N3612", 1),
    ("鹤川", "鹤川 便行 B2", "亮黑 中华红", 2199, "PN-6-DZF-12", 4),
    ("云驰", "云驰 长途 L1", "亮黑/中华红 亮黑/雾霾蓝", 4299, "HL-L4820", 2),
    ("青岚", "青岚 城行 C3", "雾霾蓝 珠光白", 3499, "HL-L4820", 1),
    ("小橘", "小橘 豆豆 D2", "樱花粉", 2699, "HL-6-DZF-20", 4),
    ("栗松", "栗松 通勤 T5", "亮黑 松针绿 中华红", 3899, "CD-N4824", 1),
    ("星坪", "星坪 极客 G7", "哑光灰/亮黑", 4999, "CD-N4824", 2),
    ("鹤川", "鹤川 亲子 Q1", "奶油黄 雾霾蓝", 3099, "HL-L4812", 1),
    ("云驰", "云驰 乐骑 R1", "珠光白 樱花粉", 2399, "PN-6-DZF-12", 4),
    ("青岚", "青岚 晨雾 M1", "雾霾蓝/珠光白 松针绿/珠光白", 3699, "CD-L4820", 1),
    ("小橘", "小橘 跳跳 J3", "奶油黄 中华红 亮黑", 2899, "HL-L4812", 1),
    ("栗松", "栗松 载重 Z2", "哑光灰", 3299, "HL-6-DZF-20", 4),
    ("星坪", "星坪 折叠 F2", "亮黑 奶油黄", 3599, "PN-N3612", 1),
    ("鹤川", "鹤川 便行 B3", "中华红 珠光白", 2299, "PN-6-DZF-12", 4),
    ("云驰", "云驰 轻风 A3", "松针绿 亮黑", 3299, "HL-L4820", 1),
    ("青岚", "青岚 远山 Y2", "亮黑", 3999, "HL-L4820", 2),
    ("小橘", "小橘 豆豆 D3", "雾霾蓝 樱花粉", 2799, "HL-6-DZF-20", 4),
    ("栗松", "栗松 通勤 T7", "珠光白 哑光灰", 4099, "CD-N4824", 1),
    ("星坪", "星坪 极客 G3", "亮黑 中华红", 3999, "CD-L4820", 1),
    ("鹤川", "鹤川 亲子 Q2", "奶油黄/雾霾蓝 樱花粉/珠光白", 3399, "HL-L4820", 1),
    ("云驰", "云驰 长途 L2", "哑光灰 亮黑", 4499, "HL-L4820", 2),
    ("青岚", "青岚 城行 C5", "珠光白 松针绿 亮黑", 3699, "CD-L4820", 1),
    ("小橘", "小橘 跳跳 J5", "樱花粉 奶油黄", 3099, "CD-L4820", 1),
    ("栗松", "栗松 载重 Z3", "亮黑/哑光灰", 3499, "HL-6-DZF-20", 4),
    ("星坪", "星坪 折叠 F3", "珠光白", 3799, "PN-N3612", 1),
    ("鹤川", "鹤川 便行 B5", "亮黑 雾霾蓝", 2499, "PN-6-DZF-12", 4),
    ("云驰", "云驰 乐骑 R2", "中华红 奶油黄 珠光白", 2599, "HL-6-DZF-20", 4),
    ("青岚", "青岚 晨雾 M2", "雾霾蓝 哑光灰", 3899, "CD-N4824", 1),
    ("小橘", "小橘 小町 X1", "奶油黄", 2199, "PN-6-DZF-12", 3),
    ("栗松", "栗松 通勤 T9", "松针绿/亮黑 中华红/亮黑", 4299, "CD-N4824", 1),
    ("星坪", "星坪 巡航 V1", "亮黑 珠光白 哑光灰", 4799, "HL-L4820", 2),
    ("鹤川", "鹤川 亲子 Q3", "樱花粉 雾霾蓝", 3599, "HL-L4820", 1),
    ("云驰", "云驰 轻风 A5", "亮黑 中华红 雾霾蓝 珠光白", 3499, "CD-L4820", 1),
    ("青岚", "青岚 远山 Y3", "松针绿", 4199, "CD-N4824", 1),
)

_CHARGERS = {("LFP", 48): 0, ("NCM", 48): 1, ("NCM", 36): 2, ("LEAD_ACID", 48): 3, ("LEAD_ACID", 36): 4}
_PACKS = {pack.model: pack for pack in BATTERY_MODELS}


def _vehicle_model(index: int, row: tuple[str, str, str, int, str, int], *, old: bool = False) -> DemoVehicleModel:
    brand, name, colours, yuan, pack_model, count = row
    maker, maker_code = _MAKERS[brand]
    pack = _PACKS[pack_model]
    voltage_v = pack.voltage_v * count if pack.chemistry == "LEAD_ACID" else pack.voltage_v
    year = 24 if old else 26
    return DemoVehicleModel(
        model=f"TD{'TRN'[index % 3]}{300 + index}Z",
        brand=brand,
        maker=maker,
        name=name,
        maker_code=maker_code,
        list_price_fen=yuan * 100,
        floor_price_fen=yuan * _FLOOR_PERCENT // 100 * 100,
        ceiling_price_fen=yuan * _CEILING_PERCENT // 100 * 100,
        colours=tuple(colours.split()),
        certificate=f"A1{maker_code}2{year}T{index:07d}",
        ccc=f"20{year}001119{index:06d}",
        chemistry=pack.chemistry,
        voltage_v=voltage_v,
        battery_count=count,
        edition=EDITION_OLD if old else EDITION_NEW,
        pack=pack_model,
        charger=CHARGER_MODELS[_CHARGERS[pack.chemistry, voltage_v]].code,
    )


VEHICLE_MODELS = tuple(_vehicle_model(index, row) for index, row in enumerate(_ROWS, start=1))

BANNED_MODEL = _vehicle_model(99, ("云驰", "云驰 旧款 S9", "亮黑", 1999, "HL-6-DZF-20", 4), old=True)
"""Certified to the edition of the standard whose certificates were cancelled on 2025-12-01."""
