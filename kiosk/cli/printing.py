"""`kiosk print slip SERIAL`: the slip of a sale as a file. It shows and does not print: nothing is counted."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.failure import Exit, Failure
from kiosk.cli.place import Place, find_place, reading, shop_options

if TYPE_CHECKING:
    from data.models import Sale
    from drivers.printers.profiles import Profile


@click.group(name="print", short_help="Print, or show what would be printed.")
def printing() -> None:
    """Print, or show what would be printed."""


@printing.command(short_help="Save the slip of a sale as a file.")
@shop_options
@click.argument("serial")
@click.option(
    "--copy", type=click.Choice(["merchant", "customer"]), default="customer", show_default=True, help="Whose copy."
)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File: .bin is what the printer gets, .png a picture of the paper.",
)
def slip(data: Path | None, config: Path | None, serial: str, copy: str, target: Path) -> int:
    """Save the slip of the sale SERIAL, as the printer got it. This shows, it does not print: it is not counted.

    Exit 1 when there is no such sale, or none that has been paid.
    """
    if target.suffix not in {".bin", ".png"}:
        raise Failure(Exit.WRONG_USE, f"{target} must end in .bin or .png.")
    place = find_place(data, config)
    with reading(place) as store:
        payload = store.read_now(lambda: _payload(place, serial.strip().upper(), copy.upper()))
    if payload is None:
        raise Failure(Exit.NO, f"There is no slip of a paid sale {serial}.")
    if target.suffix == ".png":
        from drivers.printers.raster import picture

        payload = picture(payload, _profile(place).width_dots)
    try:
        target.write_bytes(payload)
    except OSError as error:
        raise Failure(Exit.WRONG_USE, f"{target} cannot be written: {error.strerror}.") from None
    click.echo(str(target))
    return Exit.DONE


def _payload(place: Place, serial: str, copy: str) -> bytes | None:
    """What was sent to the printer; drawn anew where that is not stored. None for a sale that has no slip."""
    from data.models import PrintJob, Sale
    from data.states import PrintKind, SaleState
    from kiosk.services.sale_view import SALE_DOCUMENT

    sale = Sale.query().where(Sale.serial == serial).get_or_none()
    if sale is None or sale.state not in {SaleState.PAID, SaleState.DONE}:
        return None
    original = (
        PrintJob.query()
        .where(
            (PrintJob.document == SALE_DOCUMENT)
            & (PrintJob.document_key == serial)
            & (PrintJob.copy == copy)
            & (PrintJob.kind == PrintKind.ORIGINAL)
        )
        .get_or_none()
    )
    # Numbered templates are this program's; books brought in from elsewhere name theirs in words.
    if original is not None and original.payload is not None and original.template_version.isdigit():
        return bytes(original.payload)
    return _drawn(place, sale, copy)


def _drawn(place: Place, sale: "Sale", copy: str) -> bytes:
    from data.database import select
    from data.states import Copy
    from drivers.printers.escpos import encode
    from kiosk.papers.facts import SlipCopy
    from kiosk.papers.sale_slip import sale_slip
    from kiosk.services.slips import Press, ShopFacts, Slips

    shop = place.loaded.settings.shop
    profile = _profile(place)
    printers = place.loaded.settings.printers
    language = printers[0].language if printers else "zh"
    press = Press(printer="", language=language, width_dots=profile.width_dots)
    ((seq, digest),) = select("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
    facts = Slips(ShopFacts(shop.name, shop.address, shop.phone), press).facts(
        sale, Copy(copy), 0, f"{seq}·{digest[:12]}"
    )
    return encode(sale_slip(facts, SlipCopy(copy), language, profile.width_dots), profile)


def _profile(place: Place) -> "Profile":
    """How the shop's first printer is spoken to; 80 mm and GBK when none is set."""
    from drivers.printers.base import WIDTH_58_MM, WIDTH_80_MM
    from drivers.printers.profiles import CELL_DOTS, Charset, Profile

    printers = place.loaded.settings.printers
    width = WIDTH_58_MM if printers and printers[0].width == 58 else WIDTH_80_MM
    charset = Charset(printers[0].charset) if printers else Charset.GBK
    return Profile(width, width // CELL_DOTS, charset)
