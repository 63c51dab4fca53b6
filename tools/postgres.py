"""A PostgreSQL server of our own for one test run: made, used, removed."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HOW = "apt-get install postgresql"


def binaries() -> Path | None:
    """Return the folder of initdb and pg_ctl, or None when PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


@contextmanager
def server(*, durable: bool = True, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start a server in a temporary folder and yield its address as a DATABASE_URL.

    It listens on a free port, so that several can run side by side.
    One that need not be `durable` leaves it to the system when to write to the disk;
    `settings` are PostgreSQL's own, for one that is to hold much.
    PostgreSQL does not run as root; then the account `postgres` runs it.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    folder = binaries()
    if folder is None:
        raise FileNotFoundError(HOW)
    port = _free_port()
    root = Path(tempfile.mkdtemp(prefix="emptychair-pg-"))
    data = root / "data"
    as_user = _as_unprivileged(root)
    options = f"-p {port} -k {root} -c listen_addresses=127.0.0.1 -c max_connections=200"
    options += "" if durable else " -c fsync=off"
    options += "".join(f" -c {name}={value}" for name, value in (settings or {}).items())
    run = {"check": True, "stdout": subprocess.DEVNULL, **as_user}
    manage = [folder / "pg_ctl", "-D", data, "-w"]
    try:
        subprocess.run([folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust"], **run)
        subprocess.run([*manage, "-l", root / "log", "-o", options, "start"], **run)
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*manage, "-m", "immediate", "stop"], **run)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_unprivileged(root: Path) -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    os.chown(root, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "cwd": root}
