"""`kiosk settings`: every setting, its value, where it comes from and what it is for."""

import json
from pathlib import Path

import click

from kiosk.cli.failure import Exit
from kiosk.cli.place import find_place, shop_options


@click.command(short_help="Show every setting, its value and where it comes from.")
@shop_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def settings(data: Path | None, config: Path | None, as_json: bool) -> int:
    """Show every setting: its value, its source (`default`, the file, or the variable that set it), and its meaning.

    With --json: [{"key", "value", "source", "description"}]. Secrets are never settings: fields ending in `_file` are
    paths.
    """
    listing = list(find_place(data, config).loaded.listing())
    if as_json:
        told = [
            {"key": one.key, "value": one.value, "source": one.source, "description": one.description}
            for one in listing
        ]
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for one in listing:
            click.echo(f"{one.key} = {one.value!r}  [{one.source}]  {one.description}")
    return Exit.DONE
