"""The command `minilite`: reads what the user gives, calls the library, prints.

Each command lives in a module of its name, imported when it is called. Exit codes: 0 done and equal, 1 done and
different, 2 bad file, bad input or bad usage. Every error is one line on stderr; `--debug` adds the traceback.
"""

import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from minilite import __version__
from minilite.errors import MiniliteError

COMMANDS = ("run", "show", "trace", "explain", "budget", "verify", "compare", "agree", "ops", "warmup")
BAD = 2  # exit code


class Commands(click.Group):
    """The group of commands: finds them by module, and turns every error into one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, most used first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"minilite.cli.{cmd_name}").command
        return command

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run one command and exit with its code."""
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy reads it when it loads; threads wait more than work
        arguments = list(sys.argv[1:] if args is None else args)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            code = super().main(arguments, prog_name or "minilite", standalone_mode=False, **extra)
        except Exception as error:
            from .output import fail  # NumPy loads with it

            if "--debug" in arguments:
                traceback.print_exc()
            fail(message(error))
            code = BAD
        sys.exit(code if isinstance(code, int) else 0)


def message(error: Exception) -> str:
    """What to tell the user about an error."""
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, click.Abort):
        return "interrupted"
    if isinstance(error, MemoryError):
        return "not enough memory"
    if isinstance(error, (MiniliteError, OSError)):
        return str(error)
    return f"internal error, {type(error).__name__}: {error} (--debug shows where; please report it)"


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(__version__, message="minilite %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Run .tflite models bit for bit like the official reference kernels, and see why every number is what it is."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
