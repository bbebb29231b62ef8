"""The `kiosk` command. Verbs are loaded when they are called, so that a look-up does not pay for the screen.

Exit codes: 0 done, 1 the answer is no, 2 wrong use or unreadable input, 3 the store is held or damaged, 4 an outside
party refused or cannot be reached. Errors are one sentence on stderr, never a traceback.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from kiosk.cli.failure import Failure

# verb -> (module, name of its click command, one line of help)
_VERBS: Final = {
    "run": ("kiosk.cli.run", "run", "Run the kiosk of a shop in this terminal."),
    "demo": ("kiosk.cli.demo", "demo", "Run the demo shop in this terminal; `demo codes` lists what can be scanned."),
    "sandbox": ("kiosk.cli.sandbox", "sandbox", "Play WeChat Pay and Nuonuo on a loopback address."),
    "play": ("kiosk.cli.play", "play", "Play a script on the demo shop: keys and touches in, screen out."),
    "sales": ("kiosk.cli.sales", "sales", "List sales, newest first."),
    "sale": ("kiosk.cli.sales", "sale", "Show one sale with everything that hangs on it."),
    "journal": ("kiosk.cli.journal", "journal", "Check the journal chain."),
    "print": ("kiosk.cli.printing", "printing", "Print, or show what would be printed."),
    "bench": ("kiosk.cli.bench", "bench", "Measure the kiosk on this machine, each figure beside its floor."),
    "settings": ("kiosk.cli.settings", "settings", "Show every setting, its value and where it comes from."),
}


class Verbs(click.Group):
    """A group that knows its verbs by name and imports each when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module, name, _ = _VERBS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, told) for name, (_, _, told) in _VERBS.items()])


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"kiosk {version('ebike-kiosk')}")
        ctx.exit()


@click.group(cls=Verbs, help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def kiosk() -> None:
    """The group itself does nothing."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(line_buffering=True, encoding="utf-8")
    sys.exit(_run(sys.argv[1:] if arguments is None else arguments))


def _run(arguments: Sequence[str]) -> int:
    try:
        answer: object = kiosk.main(args=list(arguments), prog_name="kiosk", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "", err=True)
        return 2
    except click.ClickException as error:
        return _tell(error.format_message(), error.exit_code)
    except click.Abort:
        return 130
    except Failure as failure:
        return _tell(str(failure), failure.code)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001  nobody sees a traceback
        return _tell(f"Internal error, please report it: {type(error).__name__}: {error}", 1)
    return answer if isinstance(answer, int) else 0


def _tell(sentence: str, code: int) -> int:
    click.echo(f"kiosk: {' '.join(sentence.split())}", err=True)
    return code
