"""Every setting of an installation: its name, what it is for, and how it is read.

All come from the environment; `docs/reference/settings.md` is made from this list.
"""

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class ConfigurationError(Exception):
    """The environment asks for something that cannot be: say which setting and what to write."""


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    meaning: str


SETTINGS = (
    Setting("EMPTYCHAIR_DATA", "var", "Folder for the embedded database, warehouse and files."),
    Setting(
        "DATABASE_URL",
        "",
        "Empty: SQLite in the data folder. `sqlite:///path` or `postgresql://user:word@host/name`.",
    ),
    Setting(
        "EMPTYCHAIR_WAREHOUSE",
        "",
        "Empty: the open tables lie in the data folder. `s3://bucket/folder` keeps them in an"
        " S3-compatible store, reached by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and"
        " AWS_ENDPOINT_URL.",
    ),
    Setting(
        "EMPTYCHAIR_SECRET_KEY",
        "",
        "Signs sessions. Empty: made once and kept in the data folder, readable by its owner only.",
    ),
    Setting(
        "EMPTYCHAIR_TOKEN_KEYS",
        "",
        "Key ring of signed links, `id:secret` by comma, newest first. Empty: kept as above.",
    ),
    Setting(
        "EMPTYCHAIR_BASE_URL",
        "http://127.0.0.1:8000",
        "Address that customers and colleagues use; every link that leaves the system starts so.",
    ),
    Setting(
        "EMPTYCHAIR_HOSTS",
        "",
        "Further host names the web server answers to, by comma. That of the base URL always is.",
    ),
    Setting("EMPTYCHAIR_DEBUG", "no", "`yes` shows details of errors. Never where customers are."),
    Setting("EMPTYCHAIR_LANGUAGE", "en", "Language of the organisation: sv, da or en."),
    Setting("EMPTYCHAIR_TIME_ZONE", "Europe/Stockholm", "Time zone that decides local dates."),
    Setting("EMPTYCHAIR_CURRENCY", "SEK", "Currency of every amount in this installation."),
    Setting("EMPTYCHAIR_ORGANISATION", "Our company", "Name shown on pages and in questions."),
    Setting("EMPTYCHAIR_MINIMUM_CELL", "5", "No figure of fewer answers than this is shown."),
    Setting("EMPTYCHAIR_IMPORT_MEGABYTES", "500", "No larger file than this is taken in."),
    Setting(
        "EMPTYCHAIR_IMPORT_DAYS",
        "30",
        "Days an imported file is kept; so long its import can be undone or run again.",
    ),
    Setting(
        "EMPTYCHAIR_MAIL",
        "file:",
        "Where mail goes: `file:` writes it to the data folder, `console:` prints it,"
        " `smtp://user:word@host:587` speaks STARTTLS, `smtps://` TLS from the first byte;"
        " `smtp://host:25?tls=none` only for a relay on this machine. Or a provider: `brevo:`,"
        " `mailersend:`, `mailgun:`, `mailjet:`, `mailtrap:`, `mandrill:`, `postmark:`, `resend:`,"
        " `sparkpost:`.",
    ),
    Setting(
        "EMPTYCHAIR_MAIL_KEYS",
        "",
        "What the provider wants, `name=value` by comma, as django-anymail calls it without the"
        " provider's name: `server_token=...` for Postmark, `api_key=...,sender_domain=...` for"
        " Mailgun.",
    ),
    Setting("EMPTYCHAIR_MAIL_FROM", "nps@localhost", "Address that mail to customers comes from."),
    Setting(
        "EMPTYCHAIR_MAIL_RETURN",
        "",
        "Address that bounces and replies come back to, such as `nps@in.example.com`; all mail to"
        " it and to `nps+...` beside it goes to `emptychair receive`. Empty: none come back.",
    ),
    Setting(
        "EMPTYCHAIR_CHAT",
        "",
        "Chat channels that real changes are told in, beside the mail: addresses as Apprise writes"
        " them, parted by blanks, such as `slack://...` or `msteams://...`. Empty: none.",
    ),
    Setting(
        "EMPTYCHAIR_SMS",
        "file:",
        "Where SMS go: `file:` writes them to the data folder, `console:` prints them, or the"
        " address of a gateway as Apprise writes it, with `{phone}` for the number:"
        " `46elks://user:word@Sender/{phone}`. `none:` sends none.",
    ),
    Setting(
        "EMPTYCHAIR_OUTBOUND_ALLOW",
        "",
        "Hosts and ports inside the own network that addresses typed in by staff may lead to, as"
        " `host:port,host:port`. Everything else must be https on the open internet.",
    ),
    Setting(
        "EMPTYCHAIR_ASSISTANT_KEY",
        "",
        "Key of the service that reads comments without a theme, if one is switched on.",
    ),
    Setting(
        "EMPTYCHAIR_EMBEDDINGS",
        "",
        "Empty: themes are discovered by words alone. The folder of a sentence-transformers model"
        " groups comments by meaning across languages too, on this machine; nothing leaves. The"
        " name of a model instead of a folder has its files downloaded once. Needs the extra"
        " `embeddings`.",
    ),
    Setting(
        "EMPTYCHAIR_HOOK_SECRET",
        "",
        "`user:word` with which mail provider and SMS gateway report to `/hooks/`. Empty: made"
        " once and kept in the data folder.",
    ),
    Setting(
        "EMPTYCHAIR_ADDRESS_KEY",
        "",
        "Key under which addresses that said no are kept; never change it, or they are forgotten."
        " Empty: the oldest of the token keys, kept in the data folder. Set it where several"
        " machines serve one database.",
    ),
    Setting(
        "EMPTYCHAIR_TRUSTED_PROXIES",
        "0",
        "Proxies in front that each add to X-Forwarded-For. 0: the header is not believed.",
    ),
    Setting("EMPTYCHAIR_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR."),
)
_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


def setting(name: str) -> str:
    """Return the value of the documented setting `name`."""
    return os.environ.get(name) or _DEFAULTS[name]


def data_folder() -> Path:
    """Return the data folder, made on first use."""
    folder = Path(setting("EMPTYCHAIR_DATA")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def kept_secret(name: str, file_name: str, first: str = "") -> str:
    """Return the secret setting `name`, or one made once and kept in the data folder.

    Args:
        name: the setting.
        file_name: where it is kept when the setting is empty.
        first: what it is the first time; random when empty.
    """
    given = setting(name)
    if given:
        return given
    path = data_folder() / file_name
    if not path.exists():
        fresh = path.with_name(f"{file_name}.{secrets.token_hex(8)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(first or secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):  # another process was quicker: its secret holds
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip()


SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA journal_size_limit=67108864;"
    "PRAGMA secure_delete=ON;PRAGMA cache_size=-20000;PRAGMA temp_store=MEMORY;"
)


def database(url: str, folder: Path) -> dict[str, Any]:
    """Return Django's description of the database at `url`.

    Raises:
        ConfigurationError: `url` names another kind of database.
    """
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        path = Path(unquote(parts.path.removeprefix("/"))) if url else folder / "emptychair.sqlite3"
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path),
            # Tests need a file: threads and other processes must see the same database.
            "TEST": {"NAME": str(path.with_suffix(".test.sqlite3"))},
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": SQLITE_PRAGMAS,
            },
        }
    if parts.scheme in ("postgres", "postgresql"):
        return _postgresql(parts.path.lstrip("/"), parts, parse_qs(parts.query))
    raise ConfigurationError(
        f"DATABASE_URL starts with {parts.scheme!r}; write sqlite:///path or postgresql://..."
    )


# So often must a statement come before psycopg prepares it unasked; None would forbid it to all.
ONLY_WHEN_ASKED = 1_000_000_000


def _postgresql(name: str, parts: Any, options: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(name),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or options.get("host", [""])[0],
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "pool": {"min_size": 2, "max_size": 16, "timeout": 20},
            "prepare_threshold": ONLY_WHEN_ASKED,
        },
    }


def warehouse(address: str, folder: Path) -> str:
    """Return where the open tables lie: in a bucket, or in the data folder.

    Raises:
        ConfigurationError: `address` is no bucket.
    """
    if not address:
        return str(folder / "warehouse")
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc:
        raise ConfigurationError(
            f"EMPTYCHAIR_WAREHOUSE is {address!r}; write s3://bucket/folder, or nothing for the"
            " data folder"
        )
    return address.rstrip("/")


LOOPBACK = ("localhost", "127.0.0.1", "::1")
LONGEST_LOCAL_PART = 20  # an address has room for 64, a signed one needs 42 more


def mail(url: str, keys: str, hook_secret: str, folder: Path) -> dict[str, Any]:
    """Return Django's mail settings for the service at `url`.

    Raises:
        ConfigurationError: `url` is none of the documented forms, or would send unencrypted
            mail to another machine.
    """
    parts = urlsplit(url)
    backend = "django.core.mail.backends.{}.EmailBackend"
    if parts.scheme == "file":
        return {"EMAIL_BACKEND": backend.format("filebased"), "EMAIL_FILE_PATH": folder / "mail"}
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": backend.format("console")}
    if parts.scheme in PROVIDERS:
        return _provider(parts.scheme, keys, hook_secret)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ConfigurationError(
            f"EMPTYCHAIR_MAIL is {parts.scheme + ':'!r}; write file:, console:, smtp://host:587,"
            f" smtps://host or one of {', '.join(f'{name}:' for name in PROVIDERS)}"
        )
    bare = "tls=none" in parts.query
    if bare and parts.hostname not in LOOPBACK:
        raise ConfigurationError("EMPTYCHAIR_MAIL: tls=none is for a relay on this machine only")
    return {
        "EMAIL_BACKEND": "emptychair.programme.lib.smtp.Backend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp" and not bare,
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }


PROVIDERS = (
    *("brevo", "mailersend", "mailgun", "mailjet", "mailtrap"),
    *("mandrill", "postmark", "resend", "sparkpost"),
)


def _provider(name: str, keys: str, hook_secret: str) -> dict[str, Any]:
    pairs = dict(part.partition("=")[::2] for part in keys.split(",") if part.strip())
    if not pairs or not all(pairs.values()):
        raise ConfigurationError(
            f"EMPTYCHAIR_MAIL is {name}:, so EMPTYCHAIR_MAIL_KEYS must hold the provider's keys,"
            " name=value by comma; docs/operate/mail.md names them."
        )
    return {
        "EMAIL_BACKEND": f"anymail.backends.{name}.EmailBackend",
        "MAIL_PROVIDER": name,
        "ANYMAIL": {
            "WEBHOOK_SECRET": hook_secret,
            "IGNORE_UNSUPPORTED_FEATURES": True,  # such as metadata where a provider has none
            "REQUESTS_TIMEOUT": (5, 20),
            **{f"{name}_{key.strip()}".upper(): value.strip() for key, value in pairs.items()},
        },
    }


def mail_return(address: str) -> str:
    """Return the address that mail comes back to.

    Raises:
        ConfigurationError: it is none, or its local part leaves no room for a signature.
    """
    local, at, domain = address.rpartition("@")
    if address and (not at or not local or not domain or "+" in local):
        raise ConfigurationError(
            f"EMPTYCHAIR_MAIL_RETURN is {address!r}; write an address without +, as in"
            " nps@in.example.com"
        )
    if len(local) > LONGEST_LOCAL_PART:
        raise ConfigurationError(
            f"EMPTYCHAIR_MAIL_RETURN: at most {LONGEST_LOCAL_PART} letters before the @"
        )
    return address


def sms(url: str) -> str:
    """Return where SMS go.

    Raises:
        ConfigurationError: a gateway's address says nowhere that `{phone}` goes.
    """
    if not url.startswith(("file:", "console:", "none:")) and "{phone}" not in url:
        raise ConfigurationError(
            "EMPTYCHAIR_SMS: write file:, console:, none: or a gateway with {phone} in its address"
        )
    return url
