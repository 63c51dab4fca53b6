"""Django's settings, from the environment only (see `lib.config`)."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from emptychair.programme.lib import config

DATA = config.data_folder()
SECRET_KEY = config.kept_secret("EMPTYCHAIR_SECRET_KEY", "secret_key")
TOKEN_KEYS = config.kept_secret("EMPTYCHAIR_TOKEN_KEYS", "token_keys")
# The no of an address outlives every token key.
ADDRESS_KEY = config.kept_secret(
    "EMPTYCHAIR_ADDRESS_KEY", "address_key", TOKEN_KEYS.split(",")[-1].rpartition(":")[2]
)
DEBUG = config.setting("EMPTYCHAIR_DEBUG") == "yes"
BASE_URL = config.setting("EMPTYCHAIR_BASE_URL").rstrip("/")
ORGANISATION = config.setting("EMPTYCHAIR_ORGANISATION")
CURRENCY = config.setting("EMPTYCHAIR_CURRENCY")
MINIMUM_CELL = int(config.setting("EMPTYCHAIR_MINIMUM_CELL"))
TRUSTED_PROXIES = int(config.setting("EMPTYCHAIR_TRUSTED_PROXIES"))
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
WAREHOUSE = config.warehouse(config.setting("EMPTYCHAIR_WAREHOUSE"), DATA)
_SECURE = BASE_URL.startswith("https://")

ALLOWED_HOSTS = [
    urlsplit(BASE_URL).hostname or "localhost",
    *filter(None, config.setting("EMPTYCHAIR_HOSTS").split(",")),
]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
ROOT_URLCONF = "emptychair.programme.urls"
WSGI_APPLICATION = "emptychair.programme.wsgi.application"

SLICES = (
    "lib",
    "activity",
    "accounts",
    "customers",
    "journeys",
    "capture",
    "advocacy",
    "comments",
    "closedloop",
    "standing",
    "warehouse",
    "insight",
    "improvement",
    "surveys",
    "mailroom",
    "visibility",
    "organisation",
    "relations",
    "rootcause",
    "listening",
    "exchange",
)
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    *(f"emptychair.programme.{name}" for name in SLICES),
    "allauth",
    "allauth.account",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "emptychair.programme.lib.middleware.ResponseHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "emptychair.programme.accounts.middleware.Preferences",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "csp.middleware.CSPMiddleware",
    "emptychair.programme.lib.middleware.NulCharacters",
    "emptychair.programme.lib.middleware.Refusals",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "emptychair.programme.accounts.context.page",
            ],
        },
    }
]

DATABASES = {"default": config.database(config.setting("DATABASE_URL"), DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "visibility:today"
ACCOUNT_ADAPTER = "emptychair.programme.accounts.adapter.InvitedOnly"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True

LANGUAGE_CODE = config.setting("EMPTYCHAIR_LANGUAGE")
LANGUAGES = [("sv", "Svenska"), ("da", "Dansk"), ("en", "English")]
LANGUAGE_COOKIE_SECURE = _SECURE
USE_I18N = True
USE_TZ = True
TIME_ZONE = config.setting("EMPTYCHAIR_TIME_ZONE")

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
# Tokens and font are shared with the reports of the library.
STATICFILES_DIRS = [("look", Path(__file__).parents[1] / "analysis" / "show" / "look")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = DATA / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

HOOK_SECRET = config.kept_secret(
    "EMPTYCHAIR_HOOK_SECRET", "hook_secret", f"emptychair:{secrets.token_urlsafe(24)}"
)
MAIL_PROVIDER = ""
MAIL_RETURN = config.mail_return(config.setting("EMPTYCHAIR_MAIL_RETURN"))
CHAT = config.setting("EMPTYCHAIR_CHAT").split()
OUTBOUND_ALLOW = frozenset(filter(None, config.setting("EMPTYCHAIR_OUTBOUND_ALLOW").split(",")))
ASSISTANT_KEY = config.setting("EMPTYCHAIR_ASSISTANT_KEY")
EMBEDDINGS = config.setting("EMPTYCHAIR_EMBEDDINGS").strip()
SMS = config.sms(config.setting("EMPTYCHAIR_SMS"))
globals().update(
    config.mail(
        config.setting("EMPTYCHAIR_MAIL"), config.setting("EMPTYCHAIR_MAIL_KEYS"), HOOK_SECRET, DATA
    )
)
DEFAULT_FROM_EMAIL = config.setting("EMPTYCHAIR_MAIL_FROM")

SESSION_COOKIE_NAME = "__Host-session" if _SECURE else "emptychair-session"
SESSION_COOKIE_SECURE = _SECURE
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_NAME = "__Host-csrf" if _SECURE else "emptychair-csrf"
CSRF_COOKIE_SECURE = _SECURE
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = _SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _SECURE
SECURE_HSTS_PRELOAD = _SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": config.setting("EMPTYCHAIR_LOG_LEVEL")},
}
