"""The command line: commands are imported when they are run, so that `--help` is quick."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

# Command: the module under emptychair.cli, its function, and the line shown by --help.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "score": ("delivery", "score", "Net Promoter Score of each group, with its interval."),
    "trend": ("delivery", "trend", "Score by week, month or quarter, valid under daily looking."),
    "report": ("report", "report", "One HTML page about a file of answers, to be mailed."),
    "compare": ("comparing", "compare", "Groups or periods against each other, with the verdict."),
    "monitor": ("monitoring", "monitor", "Alarms on real changes, with when they began."),
    "reliability": ("reliability", "reliability", "Whether the answers speak for all customers."),
    "sample": ("sampling", "sample", "How many answers a precision or a change needs."),
    "economics": ("worth", "economics", "What detractors, passives and promoters are worth."),
    "growth": ("worth", "growth", "Growth that was earned, apart from what was bought."),
    "movement": ("moving", "movement", "Who moves between buckets, into silence and away."),
    "movers": ("contrasts", "movers", "What changed or happened with those who moved."),
    "behaviour": (
        "contrasts",
        "behaviour",
        "What promoters do before they answer, detractors not.",
    ),
    "predict": ("moving", "predict", "What the silent may think, and the NPS of everybody."),
    "drivers": ("rootcause", "drivers", "What goes along with a better score, per segment too."),
    "journey": ("rootcause", "journey", "How touchpoints do, and how much they matter to whom."),
    "whatif": ("supposing", "whatif", "What better drivers may bring, in points and in money."),
    "themes": ("commenting", "themes", "What comments are about, and what it goes along with."),
    "simulate": ("simulate", "simulate", "Write the tables of a company whose truth is known."),
    "demo": ("programme", "demo", "Show a made-up company's programme in the browser."),
    "serve": ("programme", "serve", "Run the web server and the worker of an installation."),
    "work": ("programme", "work", "Run one more worker beside the server."),
    "receive": ("programme", "receive", "Take in a bounce or a reply from a mail pipe."),
    "migrate": ("programme", "migrate", "Bring the database to this version."),
    "user": ("programme", "user", "Add a colleague, or change one."),
    "doctor": ("programme", "doctor", "Check an installation."),
}
OK, NO_RESULT, WRONG_USE = 0, 1, 2


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of all commands, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """Return the command called `cmd_name`, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, function, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(
            importlib.import_module(f"emptychair.cli.{module}"), function
        )
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry[2]) for name, entry in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command asked for, or an error that names the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from emptychair.cli.output import version

        click.echo(f"emptychair {version()}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and end.",
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show where an error came from.")
def group() -> None:
    """Run a Net Promoter programme: from answers in a file to what to do next.

    Every command takes files (CSV, Excel, Parquet, Delta), shows with --help what it needs, and
    ends with 0 when all went well, 1 when the data did not allow a result or a check failed, and
    2 when it was called in a wrong way or a file could not be read.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; every error is one sentence on stderr."""
    words = [word for word in arguments if word != "--debug"]
    try:
        result: Any = group.main(words, prog_name="emptychair", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return WRONG_USE
    except click.Abort:
        click.echo("Stopped.", err=True)
        return 130
    except Exception as error:
        if len(words) != len(arguments):
            raise
        return _explain(error)
    return result if isinstance(result, int) else OK


def _explain(error: Exception) -> int:
    from emptychair.analysis.errors import AnalysisError, DataError

    if isinstance(error, AnalysisError):
        click.echo(f"Error: {error}", err=True)
        return NO_RESULT if isinstance(error, DataError) else WRONG_USE
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"Error: {place}{error.strerror}.", err=True)
        return WRONG_USE
    first = (str(error).strip().splitlines() or [""])[0]
    click.echo(
        f"Error: something went wrong inside Empty Chair ({type(error).__name__}: {first}). "
        "Run the command again with --debug to see where, and report it.",
        err=True,
    )
    return NO_RESULT
