"""The reference of the command line, from the commands themselves."""

from collections.abc import Iterator

import click

from emptychair import cli

WIDTH = 100


def lines() -> Iterator[str]:
    """Yield docs/reference/cli.md line by line."""
    yield "# Commands\n"
    yield "Made by `./run documents`. Exit codes: 0 all went well; 1 the data did not allow a"
    yield "result, or a check failed; 2 wrong use, or a file that cannot be read. `--debug` shows"
    yield "where an error came from.\n"
    yield "JSON has the same envelope everywhere: `method`, `version`, `inputs`, `excluded` (rows"
    yield "left out, by reason) and `results`. Points run from -100 to 100, shares from 0 to 1.\n"
    for name, (_, _, summary) in cli.COMMANDS.items():
        yield f"- [`emptychair {name}`](#emptychair-{name}): {summary}"
    top = click.Context(
        cli.group, info_name="emptychair", terminal_width=WIDTH, **cli.group.context_settings
    )
    for name in cli.COMMANDS:
        command = cli.group.get_command(top, name)
        assert command is not None
        context = click.Context(command, parent=top, info_name=name, terminal_width=WIDTH)
        yield f"\n## emptychair {name}\n"
        yield "```text"
        yield command.get_help(context)
        yield "```"
