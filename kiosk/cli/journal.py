"""`kiosk journal verify`: whether the journal chain is whole and the tables say what it says."""

import json
from pathlib import Path

import click

from kiosk.cli.failure import Exit, Failure
from kiosk.cli.place import find_place, need_store, shop_options


@click.group(short_help="Check the journal chain.")
def journal() -> None:
    """The journal: an append-only, keyed chain of everything that happened in the shop."""


@journal.command(short_help="Check chain, anchors, key and tables.")
@shop_options
@click.option(
    "--anchors",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of anchors kept elsewhere: one S·H or payment order number a line, or a JSON list of {seq, hash}.",
)
@click.option("--receipt", metavar="S·H", help="The anchor printed on a slip, or the number of a payment order.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def verify(data: Path | None, config: Path | None, anchors: Path | None, receipt: str | None, as_json: bool) -> int:
    """Check the whole journal; changes nothing and can run beside a running kiosk. Prints rows checked and head.

    \b
    Exit 0   whole
         10  altered
         11  gap
         12  truncated or forked against an anchor
         13  the key does not fit
         14  the tables differ from the journal's replay
         2   there is no shop, or the anchors cannot be read
         3   the store is damaged
    """
    from data.journal import verify as check
    from data.store import StoreDamaged

    place = find_place(data, config)
    need_store(place)
    try:
        verdict = check(place.directory, anchors=anchors, receipt=receipt)
    except ValueError as error:
        raise Failure(Exit.WRONG_USE, str(error)) from None
    except StoreDamaged as error:
        raise Failure(Exit.STORE, str(error)) from None
    head = verdict.head.text if verdict.head is not None else None
    if as_json:
        told = {"code": int(verdict.code), "rows": verdict.rows, "head": head, "why": verdict.why, "seq": verdict.seq}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(f"{verdict.rows} rows checked, head {head or 'none'}: {verdict.why}")
    return int(verdict.code)
