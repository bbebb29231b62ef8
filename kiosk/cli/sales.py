"""`kiosk sales` and `kiosk sale SERIAL`: the sale list and one sale, as text or JSON."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kiosk.cli.failure import Exit, Failure
from kiosk.cli.place import find_place, reading, shop_options

if TYPE_CHECKING:
    from data.store import Store
    from kiosk.services.views import Sale, SaleRow

_PAGE = 200


@click.command(short_help="List sales, newest first.")
@shop_options
@click.option("--search", default="", help="Part of a serial number, a phone number, or any code on the sale.")
@click.option("--day", help="Only sales of this business day, YYYY-MM-DD.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many (default: all).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def sales(
    data: Path | None, config: Path | None, search: str, day: str | None, limit: int | None, as_json: bool
) -> int:
    """List sales, newest first, without drafts. States as the store names them; customers are masked.

    With --json: [{"serial", "at_ms", "kind", "state", "total_fen", "customer", "operator"}]. Exit 1 when there is none.
    """
    if day is not None:
        try:
            date.fromisoformat(day)
        except ValueError:
            raise Failure(Exit.WRONG_USE, f"{day!r} is no day written YYYY-MM-DD.") from None
    with reading(find_place(data, config)) as store:
        rows = asyncio.run(_rows(store, search, day, limit))
    if as_json:
        click.echo(json.dumps([_row_told(row) for row in rows], ensure_ascii=False))
    else:
        for row in rows:
            click.echo(
                f"{row.serial}  {_beijing(row.at_ms)}  {row.kind:8}  {row.state:9}  {_yuan(row.total_fen):>12}"
                f"  {row.operator}  {row.customer_masked} {row.phone_masked}"
            )
    return Exit.DONE if rows else Exit.NO


@click.command(short_help="Show one sale with everything that hangs on it.")
@shop_options
@click.argument("serial")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def sale(data: Path | None, config: Path | None, serial: str, as_json: bool) -> int:
    """Show the sale SERIAL: lines, payments, refunds, invoices and print jobs, oldest first; the customer is masked.

    \b
    With --json: {"serial", "kind", "state", "revision", "total_fen",
    "lines": [{"kind", "code", "model", "colour", "price_fen"}],
    "customer": {"name", "phone", "division"},
    "payments": [{"number", "channel", "state", "amount_fen",
                  "provider_number"}],
    "refunds": [{"number", "payment", "state", "amount_fen", "reason",
                 "provider_number"}],
    "invoices": [{"number", "kind": "blue|red", "state", "total_fen",
                  "tax_fen", "files": [{"format", "path", "sha256", "size"}]}],
    "print_jobs": [{"id", "document", "copy", "kind": "ORIGINAL|DUPLICATE",
                    "state", "tier"}]}

    Exit 1 when there is no such sale.
    """
    from kiosk.services.lookups import Lookups

    with reading(find_place(data, config)) as store:
        found = asyncio.run(Lookups(store).sale_by_serial(serial.strip().upper()))
    if found is None:
        raise Failure(Exit.NO, f"There is no sale {serial}.")
    told = sale_told(found)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo("\n".join(_as_text(told)))
    return Exit.DONE


async def _rows(store: "Store", search: str, day: str | None, limit: int | None) -> "list[SaleRow]":
    from kiosk.services.lookups import Lookups

    lookups = Lookups(store)
    rows: list[SaleRow] = []
    cursor = None
    while limit is None or len(rows) < limit:
        page = await lookups.sales(search, day, None, cursor, _PAGE if limit is None else min(_PAGE, limit - len(rows)))
        if not page:
            break
        rows.extend(page)
        cursor = page[-1]
    return rows


def _row_told(row: "SaleRow") -> dict[str, Any]:
    return {
        "serial": row.serial,
        "at_ms": row.at_ms,
        "kind": row.kind,
        "state": row.state,
        "total_fen": row.total_fen,
        "customer": row.customer_masked,
        "operator": row.operator,
    }


def sale_told(sale: "Sale") -> dict[str, Any]:
    """One sale in the shape the contract fixes."""
    from kiosk.rules.customer import mask_name, mask_phone

    customer = sale.customer
    return {
        "serial": sale.serial,
        "kind": sale.kind,
        "state": sale.state,
        "revision": sale.revision,
        "total_fen": sale.total_fen,
        "lines": [
            {
                "kind": line.kind,
                "code": line.code,
                "model": line.model,
                "colour": line.colour,
                "price_fen": line.price_fen,
            }
            for line in sale.lines
        ],
        "customer": None
        if customer is None
        else {"name": mask_name(customer.name), "phone": mask_phone(customer.phone), "division": customer.division},
        "payments": [
            {
                "number": payment.number,
                "channel": payment.channel,
                "state": payment.state,
                "amount_fen": payment.amount_fen,
                "provider_number": payment.provider_number,
            }
            for payment in sale.payments
        ],
        "refunds": [
            {
                "number": refund.number,
                "payment": refund.payment,
                "state": refund.state,
                "amount_fen": refund.amount_fen,
                "reason": refund.reason,
                "provider_number": refund.provider_number,
            }
            for refund in sale.refunds
        ],
        "invoices": [
            {
                "number": invoice.number,
                "kind": invoice.kind.lower(),
                "state": invoice.state,
                "total_fen": invoice.total_fen,
                "tax_fen": invoice.tax_fen,
                "files": [
                    {"format": file.format, "path": file.path, "sha256": file.sha256, "size": file.size}
                    for file in invoice.files
                ],
            }
            for invoice in sale.invoices
        ],
        "print_jobs": [
            {
                "id": job.id,
                "document": job.document,
                "copy": job.copy,
                "kind": job.kind,
                "state": job.state,
                "tier": job.tier,
            }
            for job in sale.print_jobs
        ],
    }


def _as_text(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['serial']}  {told['kind']}  {told['state']}  {_yuan(told['total_fen'])}"]
    if told["customer"]:
        lines.append("customer  " + "  ".join(told["customer"].values()))
    lines.extend(
        f"line      {line['kind']:9} {line['code']:20} {line['model']} {line['colour'] or ''}"
        f" {_yuan(line['price_fen'])}"
        for line in told["lines"]
    )
    lines.extend(
        f"payment   {one['number']} {one['channel']} {one['state']} {_yuan(one['amount_fen'])}"
        f" {one['provider_number'] or ''}"
        for one in told["payments"]
    )
    lines.extend(
        f"refund    {one['number']} {one['state']} {_yuan(one['amount_fen'])} {one['provider_number'] or ''}"
        for one in told["refunds"]
    )
    for one in told["invoices"]:
        lines.append(f"invoice   {one['number']} {one['kind']} {one['state']} {_yuan(one['total_fen'])}")
        lines.extend(f"          {file['format']} {file['path']}" for file in one["files"])
    lines.extend(
        f"print     {one['id']} {one['copy']} {one['kind']} {one['state']} {one['tier'] or ''}"
        for one in told["print_jobs"]
    )
    return [line.rstrip() for line in lines]


def _yuan(fen: int | None) -> str:
    from kiosk.rules.money import format_yuan

    return "-" if fen is None else format_yuan(fen)


def _beijing(at_ms: int) -> str:
    from kiosk.rules.calendar import beijing_text

    return beijing_text(at_ms)
