"""`kiosk bench`: how fast and how big the kiosk is on this machine, each figure beside its floor."""

import json
import os
import platform

import click

from kiosk.cli.failure import Exit, Failure

_HELP = """Measure the kiosk on this machine, each figure beside its floor in the same run.

NAME is one or more of the figures below; without one all are measured, which takes some minutes. The shop, its world
and the printer are made for it in the temporary directory ($TMPDIR: put it on the disk that counts) and go away again.

\b
start       CPU ms of `kiosk run` to its first usable screen
start_wall  ms from before the process is made to that screen
scan        ms from a code's bytes to its line painted and stored
first_byte  ms from the paid commit to the slip's first byte at the printer
loop_lag    ms the event loop is late while selling
memory      MB resident after the sales, camera off
typing      ms key to paint with slow syncs, a stalled printer and a silent
            provider at once
stalls      times the loop stood still for more than 100 ms meanwhile
commit      CPU ms of all units of work of one sale
slip        CPU ms from a slip of 40 lines to its bytes

\b
With --json:
{"machine": {"processors", "system", "python"},
 "figures": [{"name", "what", "unit", "rounds", "min", "p50", "p95", "p99",
   "max",
   "floor": {"what", "rounds", "min", "p50", "p95", "p99", "max"} | null,
   "limit": [{"of": "p50|p95|p99|max|ratio|ratio_of_minima", "at_most",
              "measured", "met"}],
   "met"}]}

Exit 0 every limit is met, 1 one is not, 2 there is no such figure.
"""


@click.command(help=_HELP, short_help="Measure the kiosk on this machine.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--rounds", type=click.IntRange(1, 30), help="Rounds (starts, sales, customers) of each figure.")
@click.option("--quick", is_flag=True, help="Few rounds: whether it runs, not how fast.")
def bench(names: tuple[str, ...], as_json: bool, rounds: int | None, quick: bool) -> int:
    from kiosk.bench.benches import NAMES, run
    from kiosk.bench.figures import table

    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise Failure(Exit.WRONG_USE, f"There is no figure {unknown[0]!r}; there are {', '.join(NAMES)}.")
    figures = list(run(names, rounds, quick=quick))
    if as_json:
        machine = {
            "processors": os.cpu_count(),
            "system": platform.platform(terse=True),
            "python": platform.python_version(),
        }
        told = {"machine": machine, "figures": [figure.told() for figure in figures]}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(table(figures))
    return Exit.DONE if all(figure.met for figure in figures) else Exit.NO
