"""Commands that run an installation: demo, serve, work, migrate, user, doctor."""

import os
import signal
from pathlib import Path
from typing import NoReturn

import click

_LARGEST_MAIL = 10_000_000  # what is beyond it is not looked at
_TRY_LATER = 75  # EX_TEMPFAIL: the mail server keeps the mail and tries again


def set_up() -> None:
    """Start Django from the environment; a wrong setting ends with a sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emptychair.programme.settings")
    import django

    from emptychair.programme.lib.config import ConfigurationError

    try:
        django.setup()
    except ConfigurationError as error:
        _fail(str(error))


def _fail(sentence: str) -> NoReturn:
    raise click.UsageError(sentence)


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Folder for the demo's database and warehouse; kept for the next run.",
)
@click.option("--customers", default=4_000, show_default=True, help="Size of the made-up company.")
@click.option("--seed", default=7, show_default=True, help="Another seed, another company.")
def demo(port: int, data: Path, customers: int, seed: int) -> None:
    """Show a made-up company's programme in the browser. Ctrl-C ends it."""
    address = f"http://127.0.0.1:{port}"
    os.environ.update(
        EMPTYCHAIR_DATA=str(data),
        EMPTYCHAIR_BASE_URL=address,
        EMPTYCHAIR_HOSTS="localhost",
        EMPTYCHAIR_ORGANISATION="Nordhem",
        EMPTYCHAIR_LOG_LEVEL="WARNING",
        DATABASE_URL="",
    )
    set_up()
    from emptychair.programme.demo import company
    from emptychair.programme.server import prepare, serve

    prepare()
    log_ins = company.ensure(customers=customers, seed=seed, say=click.echo)

    def ready() -> None:
        click.echo(f"\nEmpty Chair is at {address}\n")
        for log_in in log_ins:
            click.echo(f"  {log_in.role:<16} {log_in.email:<28} {log_in.password}")
        click.echo(f"\nAnswer as a customer: {address}{company.survey_path()}")
        click.echo("Ctrl-C ends it.")

    raise SystemExit(serve("127.0.0.1", port, say=click.echo, ready=ready))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Run the web server and the worker of an installation."""
    set_up()
    from emptychair.programme.comments.embedding import trouble
    from emptychair.programme.server import prepare
    from emptychair.programme.server import serve as run

    prepare()
    if said := trouble():
        click.echo(said, err=True)
    raise SystemExit(run(host, port, say=click.echo, ready=lambda: click.echo("Ready.")))


@click.command()
def work() -> None:
    """Run one worker: follow-ups, warehouse, readings. Several may run side by side."""
    set_up()
    from emptychair.programme.activity.worker import Worker
    from emptychair.programme.dispatch import HANDLERS, OUTWARD, ROUTINES
    from emptychair.programme.lib import lifeline

    worker = Worker(HANDLERS, ROUTINES, OUTWARD)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: worker.stop.set())
    lifeline.end_with_supervisor(worker.stop.set)
    worker.run()


@click.command()
@click.option(
    "--recipient", default="", help="The address it was delivered to, as the mail server knows it."
)
def receive(recipient: str) -> None:
    """Take in one mail from standard input: a bounce, a complaint or a reply.

    For the mail server's pipe. It ends with 0 whatever the mail says, and with 75 (try again
    later) when it could not be stored.
    """
    import email
    import email.policy
    import sys

    set_up()
    from django.db import DatabaseError

    from emptychair.programme.mailroom.receiving import receive as take_in

    content = sys.stdin.buffer.read(_LARGEST_MAIL)
    try:
        became = take_in(email.message_from_bytes(content, policy=email.policy.compat32), recipient)
    except DatabaseError as error:
        click.echo(f"Could not be stored, try again later: {error}", err=True)
        raise SystemExit(_TRY_LATER) from error
    click.echo(became)


@click.command()
def migrate() -> None:
    """Bring the database to the version of this release."""
    set_up()
    from django.core.management import call_command

    call_command("migrate", verbosity=1, interactive=False)


@click.command()
@click.argument("email")
@click.option("--name", prompt=True, help="As colleagues know the person.")
@click.option(
    "--role", default="employee", show_default=True, help="One of the roles in the guide."
)
@click.option("--unit", default="", help="Code of the unit the person belongs to.")
@click.password_option(help="At least 12 characters; asked for when left out.")
def user(email: str, name: str, role: str, unit: str, password: str) -> None:
    """Add a colleague, or change name, role, unit and password of one."""
    set_up()
    from emptychair.programme.accounts.services import save_user
    from emptychair.programme.lib.errors import RefusedError

    try:
        save_user(email=email, name=name, role=role, unit=unit, password=password)
    except RefusedError as error:
        _fail(error.sentence)
    click.echo(f"{email} may log in.")


@click.command()
@click.argument("what", type=click.Choice(["all", "warehouse"]), default="all")
@click.option("--rebuild", is_flag=True, help="Mend the warehouse and make every sum anew first.")
def doctor(what: str, rebuild: bool) -> None:
    """Check an installation: settings, database, and the warehouse against the database."""
    set_up()
    from emptychair.programme import doctor as examination

    findings = examination.examine(what, rebuild=rebuild)
    for finding in findings:
        click.echo(f"{'ok ' if finding.is_well else 'NOT'}  {finding.sentence}")
    raise SystemExit(0 if all(finding.is_well for finding in findings) else 1)
