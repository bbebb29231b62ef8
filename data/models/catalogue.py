"""What the shop sells and which rules hold when: models, compatibility, code rules, sale bans, prices."""

from __future__ import annotations

from peewee import BigIntegerField, FloatField, IntegerField, TextField

from data.models.base import CompositeKey, Row, TableOptions


class VehicleModel(Row):
    """A vehicle model. ``maker_code`` is the first four digits of its vehicle codes, ``colours`` a JSON list."""

    model = TextField(primary_key=True)
    brand = TextField()
    maker = TextField()
    name = TextField()
    maker_code = TextField()
    list_price_fen = BigIntegerField()
    floor_price_fen = BigIntegerField()
    ceiling_price_fen = BigIntegerField()
    colours = TextField()
    certificate = TextField(null=True)
    ccc = TextField(null=True)
    chemistry = TextField()
    voltage_v = IntegerField()
    battery_count = IntegerField()
    edition = TextField()


class BatteryModel(Row):
    """A battery model. ``prefix`` is how its codes begin, as far as the maker fixed it.

    ``ccc`` is the number of its CCC certificate, empty when there is none, None when that is not known.
    """

    model = TextField(primary_key=True)
    maker = TextField()
    name = TextField()
    chemistry = TextField()
    voltage_v = IntegerField()
    capacity_ah = FloatField()
    prefix = TextField()
    ccc = TextField(null=True)


class ChargerModel(Row):
    """A charger model. Its code 充电器码 names the model, not the piece; normalised ``XXXXXXXXX-YY-ZZ``.

    ``ccc`` as for batteries.
    """

    code = TextField(primary_key=True)
    model = TextField()
    name = TextField()
    chemistry = TextField()
    voltage_v = IntegerField()
    ccc = TextField(null=True)


class Compatibility(Row):
    """A maker's word on a pairing; a missing row means the pairing is unknown."""

    vehicle_model = TextField()
    kind = TextField()
    other_model = TextField()
    allowed = IntegerField()

    class Meta(TableOptions):
        primary_key = CompositeKey("vehicle_model", "kind", "other_model")


class CodeRule(Row):
    """A dated code format; ``region`` is ``*`` for the whole country."""

    id = TextField(primary_key=True)
    kind = TextField()
    name = TextField()
    regex = TextField()
    example = TextField()
    unit_unique = IntegerField()
    severity = TextField()
    valid_from = TextField()
    valid_to = TextField(null=True)
    region = TextField(default="*")


class SaleBan(Row):
    """A dated ban on selling; ``condition`` is JSON that ``kiosk.rules`` understands."""

    id = TextField(primary_key=True)
    name = TextField()
    valid_from = TextField()
    valid_to = TextField(null=True)
    region = TextField(default="*")
    condition = TextField()
    reason = TextField()


class PriceChange(Row):
    """A price valid from a business date; the newest row not after the day holds."""

    id = TextField(primary_key=True)
    kind = TextField()
    model = TextField()
    valid_from = TextField()
    list_price_fen = BigIntegerField()
    floor_price_fen = BigIntegerField()
    ceiling_price_fen = BigIntegerField()
    operator = TextField()
    changed_at_ms = BigIntegerField()
