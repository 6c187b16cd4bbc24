"""Every setting of UNIEV, read from the environment by django-environ.

Development needs none of them: `make run` writes `.data/env`, and the embedded PostgreSQL and
Valkey are found by `unievp.devtools`. Production must name the secrets; `_require` says which are
missing.
The table of all variables with their meaning is in `docs/configuration.md`.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from unievp.devtools.environment import prepare
from unievp.lib.api.description import API_DESCRIPTION
from unievp.lib.supabase_database import encrypted

BASE_DIR = Path(__file__).resolve().parent.parent
prepare(BASE_DIR)

env = environ.Env()
TESTING = "pytest" in sys.modules

# --- Required in production -------------------------------------------------------------------


def _require(*names: str) -> None:
    """Refuse to start with one error that names every missing variable."""
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        message = (
            f"Missing environment variable(s): {', '.join(missing)}. "
            "Run `make run` once for a development environment, "
            "or set them (docs/configuration.md says how to make each one)."
        )
        raise ImproperlyConfigured(message)


_require("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL")

DEBUG: bool = env.bool("DEBUG", default=False)
SECRET_KEY: str = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
# The first key encrypts, all of them decrypt: rotation is "put a new one in front".
FIELD_ENCRYPTION_KEYS: list[str] = env.list("FIELD_ENCRYPTION_KEYS")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PORT: int = env.int("PORT", default=8000)
OCPP_PORT: int = env.int("OCPP_PORT", default=9000)
PUBLIC_URL: str = env.str("PUBLIC_URL", default=f"http://localhost:{PORT}")
# What a charger is told to connect to; the identity is appended.
OCPP_PUBLIC_URL: str = env.str("OCPP_PUBLIC_URL", default=f"ws://localhost:{OCPP_PORT}")

# Where virtual chargers connect to (unievp.web.simulation).
SIMULATOR_URL: str = env.str("SIMULATOR_URL", default=f"ws://127.0.0.1:{OCPP_PORT}")

# Bearer token for /metrics; without one only staff may read it.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")

# --- Applications -----------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unievp.web.admin_app.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "channels",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "cpo",
    "tariffs",
    "chargers",
    "payments",
    "tickets",
    "ocpi",
    "simulator",
    "unievp.web",
]

# Each is async-capable (a test holds them to it): one that is not would give every waiting request
# a thread. So allauth.usersessions comes without its middleware, which only tracks activity.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "unievp.web.timezones.office_zone",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "unievp.web.csp.ContentSecurityPolicyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "unievp.urls"
ASGI_APPLICATION = "unievp.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "unievp.web.portal.context.account_desk",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database ---------------------------------------------------------------------------------

_database: dict[str, Any] = env.db_url("DATABASE_URL")
# Supabase's transaction pooler listens on 6543: no session state, no server-side cursors.
_TRANSACTION_POOLER = str(_database.get("PORT")) == "6543"
_database |= {
    "ATOMIC_REQUESTS": False,
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": True,
    "DISABLE_SERVER_SIDE_CURSORS": _TRANSACTION_POOLER,
    "TEST": {
        "NAME": env.str("TEST_DATABASE_NAME", default="test_uniev"),
        "TEMPLATE": env.str("TEST_DATABASE_TEMPLATE", default="") or None,
    },
}
_database_options: dict[str, Any] = encrypted(
    str(_database.get("HOST", "")), _database.get("OPTIONS", {})
)
_database["OPTIONS"] = _database_options
_database_options.setdefault("application_name", env.str("PROCESS_NAME", default="uniev"))
# A server that vanished without a word (a failover, a dropped NAT entry) is given up in seconds,
# not when TCP does after a quarter of an hour.
_database_options |= {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# No statement of ours takes minutes but a migration's; 0: no limit (s).
_STATEMENT_S = 0 if "migrate" in sys.argv else env.int("DB_STATEMENT_TIMEOUT", default=300)
_session_options = [_database_options.get("options", ""), f"-c statement_timeout={_STATEMENT_S}s"]
if TESTING:
    # TransactionTestCase empties tables with TRUNCATE, which the ledger forbids everywhere else.
    _session_options.append("-c ledger.allow_truncate=on")
if not _TRANSACTION_POOLER:
    _database_options["options"] = " ".join(_session_options).strip()
if not TESTING:
    # Threads come and go under ASGI; connections stay, in psycopg's pool.
    _database_options["pool"] = {
        "min_size": env.int("DB_POOL_MIN", default=1),
        "max_size": env.int("DB_POOL_MAX", default=16),
        "timeout": 10,
    }
DATABASES = {"default": _database}
# Threads that run ORM work for async code in one process; 0 = the test's own thread.
DB_POOL_THREADS: int = env.int("DB_POOL_THREADS", default=0 if TESTING else 4)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Valkey: channel layer, cache, broker -----------------------------------------------------

REDIS_URL: str = env.str("REDIS_URL")
# As for the database: a server that vanished is noticed in seconds. The layer's own socket waits
# for messages for hours, so it has no timeout but TCP's.
_redis_patience: dict[str, Any] = {"socket_connect_timeout": 5}
if not REDIS_URL.startswith("unix"):
    _redis_patience |= {
        "socket_keepalive": True,
        "socket_keepalive_options": {
            getattr(socket, name): value
            for name, value in (
                ("TCP_KEEPIDLE", 15),
                ("TCP_KEEPINTVL", 5),
                ("TCP_KEEPCNT", 3),
                ("TCP_USER_TIMEOUT", 20_000),
            )
            if hasattr(socket, name)
        },
    }
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # Publish/subscribe ignores database numbers: the prefix keeps neighbours apart.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, **_redis_patience}],
            "prefix": env.str("CHANNEL_PREFIX", default="uniev"),
        },
    },
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {**_redis_patience, "socket_timeout": 5},
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
}
CELERY_TIMEZONE = "UTC"

# --- People -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "cpo.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
if TESTING:
    # A slow hash proves nothing in a test, and every test person has a password.
    PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "unievp.web.accounts.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "UNIEV: "
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default="django.core.mail.backends.console.EmailBackend")
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="UNIEV <noreply@localhost>")

# --- Security ---------------------------------------------------------------------------------

_https = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if _https else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_REFERRER_POLICY = "same-origin"
BEHIND_PROXY: bool = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Else everybody who signs in is the proxy, and ten wrong passwords lock all of them out.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "unievp.web.errors.csrf_failed"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# Strict for the portal and driver pages; unievp.web.csp relaxes it for the admin alone.
# Where the portal's map gets its tiles, as "https://tile.example/{z}/{x}/{y}.png"; empty: the map
# shows the sites on a plain ground, and no page asks a foreign host.
MAP_TILES_URL: str = env.str("MAP_TILES_URL", default="")
MAP_TILES_CREDIT: str = env.str("MAP_TILES_CREDIT", default="")
_tiles = urlsplit(MAP_TILES_URL)
_tile_host = [f"{_tiles.scheme}://{_tiles.netloc}"] if _tiles.netloc else []

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *_tile_host],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}

# --- Language, time, files --------------------------------------------------------------------

LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Firmware and chargers' logs: no address serves them, each download asks who comes.
    "private": {"BACKEND": "unievp.lib.storage.PrivateStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "servestatic.storage.CompressedManifestStaticFilesStorage",
    },
}
SERVESTATIC_USE_FINDERS = DEBUG
# Every test client would look for every file: a tenth of a second each time.
SERVESTATIC_USE_STATIC_ROOT = not (DEBUG or TESTING)
SERVESTATIC_AUTOREFRESH = False
DATA_DIR = BASE_DIR / env.str("DATA_DIR", default=".data")
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "media")))
MEDIA_URL = "/media/"
PRIVATE_ROOT = Path(env.str("PRIVATE_ROOT", default=str(DATA_DIR / "private")))

# --- REST API ---------------------------------------------------------------------------------

# --- Supabase: drivers' tokens and, with keys for S3, the files (docs/supabase.md) ---------------

SUPABASE_URL: str = env.str("SUPABASE_URL", default="").rstrip("/")
SUPABASE_KEY: str = env.str("SUPABASE_KEY", default="")
if SUPABASE_URL and not SUPABASE_URL.startswith(("https://", "http://127.0.0.1:")):
    message = "SUPABASE_URL begins with https://, such as https://abcdefgh.supabase.co"
    raise ImproperlyConfigured(message)
if SUPABASE_URL and not SUPABASE_KEY:
    message = "SUPABASE_URL needs SUPABASE_KEY: the project's publishable key (sb_publishable_…)"
    raise ImproperlyConfigured(message)

SUPABASE_S3_ACCESS_KEY: str = env.str("SUPABASE_S3_ACCESS_KEY", default="")
if SUPABASE_S3_ACCESS_KEY:
    # Papers, proofs, firmware and logs go to a private bucket instead of the disk.
    STORAGES["private"] = {
        "BACKEND": "unievp.lib.storage.PrivateBucket",
        "OPTIONS": {
            "bucket_name": env.str("SUPABASE_S3_BUCKET", default="uniev-private"),
            "endpoint_url": env.str(
                "SUPABASE_S3_ENDPOINT", default=f"{SUPABASE_URL}/storage/v1/s3"
            ),
            "region_name": env.str("SUPABASE_S3_REGION", default="ap-southeast-1"),
            "access_key": SUPABASE_S3_ACCESS_KEY,
            "secret_key": env.str("SUPABASE_S3_SECRET_KEY"),
            "addressing_style": "path",
            "signature_version": "s3v4",
            "default_acl": None,
            "file_overwrite": False,
            "querystring_auth": True,
        },
    }

# All tests come from one address.
_STRANGERS = "1000000/min" if TESTING else "120/min"
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "cpo.api.authentication.ApiKeyAuthentication",
        "cpo.api.bearer.DriverAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "cpo.api.permissions.HasScope",
    ],
    "DEFAULT_PARSER_CLASSES": ["unievp.lib.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "unievp.lib.api.pages.ApiPages",
    ],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "unievp.lib.api.lists.Ordering",
    ],
    "DEFAULT_PAGINATION_CLASS": "unievp.lib.api.lists.Pages",
    "PAGE_SIZE": 50,
    "DEFAULT_THROTTLE_CLASSES": ["unievp.lib.api.throttles.CallerThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "caller": env.str("API_RATE", default="6000/min"),
        "nobody": env.str("API_RATE_ANONYMOUS", default=_STRANGERS),
        "registration": env.str("API_RATE_REGISTRATION", default="20/hour"),
    },
    "DEFAULT_SCHEMA_CLASS": "unievp.lib.api.operations.OperationSchema",
    "EXCEPTION_HANDLER": "unievp.lib.api.problems.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "UNIEV",
    "DESCRIPTION": API_DESCRIPTION,
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # Names that stay when another endpoint gets a "status" of its own.
    "ENUM_NAME_OVERRIDES": {
        "CommandStatusEnum": "chargers.models.CommandStatus",
        "CompanyStatusEnum": "cpo.models.CPOStatus",
        "DocumentKindEnum": "cpo.models.DocumentKind",
        "PaymentMethodEnum": "payments.api.payment_serializers.METHODS",
        "TicketStatusEnum": "tickets.models.TicketStatus",
        "TicketViaEnum": "tickets.models.TicketVia",
    },
}

# --- Charging ---------------------------------------------------------------------------------

HEARTBEAT_INTERVAL: int = env.int("HEARTBEAT_INTERVAL", default=300)
# How long a charger that is on hold or rejected waits before it boots again (s).
PENDING_BOOT_INTERVAL: int = env.int("PENDING_BOOT_INTERVAL", default=60)
REJECTED_BOOT_INTERVAL: int = env.int("REJECTED_BOOT_INTERVAL", default=3600)
# Chargers' passwords older than this many days are renewed at the charger; 0: never.
CHARGER_PASSWORD_DAYS: int = env.int("CHARGER_PASSWORD_DAYS", default=0)
CHARGER_CERTIFICATE_DAYS: int = env.int("CHARGER_CERTIFICATE_DAYS", default=730)
CHARGER_CERTIFICATE_RENEW_DAYS: int = env.int("CHARGER_CERTIFICATE_RENEW_DAYS", default=30)
# Where chargers with security profiles 2 and 3 connect, as told to whoever sets them up.
OCPP_PUBLIC_TLS_URL: str = env.str("OCPP_PUBLIC_TLS_URL", default="")
OCPP_PUBLIC_MTLS_URL: str = env.str("OCPP_PUBLIC_MTLS_URL", default="")
# Offline after this many missed heartbeat intervals, never at the first one.
OFFLINE_AFTER_HEARTBEATS: int = env.int("OFFLINE_AFTER_HEARTBEATS", default=3)
COMMAND_TIMEOUT_S: int = env.int("COMMAND_TIMEOUT_S", default=30)
COMMAND_DEADLINE_S: int = env.int("COMMAND_DEADLINE_S", default=120)
FRAME_RETENTION_DAYS: int = env.int("FRAME_RETENTION_DAYS", default=90)
READING_RETENTION_DAYS: int = env.int("READING_RETENTION_DAYS", default=730)
# How chargers reach the web process for firmware and log files.
CHARGER_FILES_URL: str = env.str("CHARGER_FILES_URL", default=PUBLIC_URL)
LOG_RETENTION_DAYS: int = env.int("LOG_RETENTION_DAYS", default=90)
LOG_UPLOAD_LIMIT_MB: int = env.int("LOG_UPLOAD_LIMIT_MB", default=64)
LOG_UPLOAD_HOURS: int = env.int("LOG_UPLOAD_HOURS", default=2)
# A charger that just booted or connected is left alone for this long before it is asked anything.
CONFIGURATION_SETTLE_S: int = env.int("CONFIGURATION_SETTLE_S", default=120)

# --- Money ------------------------------------------------------------------------------------

CURRENCY = "IDR"
DEFAULT_COMMISSION_PERCENT: str = env.str("DEFAULT_COMMISSION_PERCENT", default="10")
# A CPO's share of a bill becomes available for settlement after this many hours.
PENDING_HOLD_HOURS: int = env.int("PENDING_HOLD_HOURS", default=24)
SETTLEMENT_MINIMUM: int = env.int("SETTLEMENT_MINIMUM", default=50_000)
# Nothing is paid to a new bank account for so long.
SETTLEMENT_BANK_COOLOFF_HOURS: int = env.int("SETTLEMENT_BANK_COOLOFF_HOURS", default=72)
# Who bears the bank's fee: "platform", or "cpo"; then SETTLEMENT_TRANSFER_FEE is kept back from
# each transfer.
SETTLEMENT_FEE_BEARER: str = env.str("SETTLEMENT_FEE_BEARER", default="platform")
SETTLEMENT_TRANSFER_FEE: int = env.int("SETTLEMENT_TRANSFER_FEE", default=2_500)
# PPh 23 on services: what a company may withhold of the commission, told on its statements.
COMMISSION_WITHHOLDING_PERCENT: int = env.int("COMMISSION_WITHHOLDING_PERCENT", default=2)
# By the clock of each company: when its schedule asks for its money.
SETTLEMENT_SCHEDULE_HOUR: int = env.int("SETTLEMENT_SCHEDULE_HOUR", default=8)
# What one payment may be (QRIS: at most 10 million), and how long a driver has for it.
PAYMENT_MINIMUM: int = env.int("PAYMENT_MINIMUM", default=10_000)
PAYMENT_MAXIMUM: int = env.int("PAYMENT_MAXIMUM", default=10_000_000)
PAYMENT_MINUTES: int = env.int("PAYMENT_MINUTES", default=15)
PAYMENT_VA_HOURS: int = env.int("PAYMENT_VA_HOURS", default=24)
# A start is asked for so long after the money was seen at most; later it goes back. Money that was
# paid for no connector goes back when nothing was done with it for so long.
PREPAID_START_MINUTES: int = env.int("PREPAID_START_MINUTES", default=10)
PREPAID_UNUSED_HOURS: int = env.int("PREPAID_UNUSED_HOURS", default=24)
# The bundled fake gateway of `make run`.
GATEWAY_PORT: int = env.int("GATEWAY_PORT", default=8010)
# Hosts that a sandbox configuration may be pointed at: the bundled fake gateway.
GATEWAY_HOSTS: list[str] = env.list("GATEWAY_HOSTS", default=["127.0.0.1", "localhost"])

# --- Outgoing webhooks ------------------------------------------------------------------------

# Whether endpoints may be on this very machine (http, too): for development.
WEBHOOK_ALLOW_LOOPBACK: bool = env.bool("WEBHOOK_ALLOW_LOOPBACK", default=DEBUG)
# How long events, deliveries and their tries are kept.
WEBHOOK_LOG_DAYS: int = env.int("WEBHOOK_LOG_DAYS", default=30)

# --- Roaming (OCPI) ---------------------------------------------------------------------------

# What partners are told; every address in an object begins with it.
OCPI_PUBLIC_URL: str = env.str("OCPI_PUBLIC_URL", default=PUBLIC_URL)
# Whether partners may be on this very machine (http, too): for development.
OCPI_ALLOW_LOOPBACK: bool = env.bool("OCPI_ALLOW_LOOPBACK", default=DEBUG)
OCPI_PAGE_LIMIT: int = env.int("OCPI_PAGE_LIMIT", default=200)
# How long requests and answers are kept.
OCPI_LOG_DAYS: int = env.int("OCPI_LOG_DAYS", default=30)
# The result of a partner's command is told within this time, whatever the charger does (s).
OCPI_COMMAND_TIMEOUT_S: int = env.int("OCPI_COMMAND_TIMEOUT_S", default=60)
# A driver stands at the charger while a partner is asked about the token (s).
OCPI_AUTHORIZE_TIMEOUT_S: float = env.float("OCPI_AUTHORIZE_TIMEOUT_S", default=4.0)
# A session of our driver elsewhere that ended so long ago should have its CDR.
OCPI_CDR_HOURS: int = env.int("OCPI_CDR_HOURS", default=24)

# --- Notifications ----------------------------------------------------------------------------

# How long what people were told is kept.
NOTIFICATION_DAYS: int = env.int("NOTIFICATION_DAYS", default=90)
# A charger that is offline, or a connector that is faulted, for so long is told to its company.
NOTIFY_OFFLINE_MINUTES: int = env.int("NOTIFY_OFFLINE_MINUTES", default=15)
NOTIFY_FAULTED_MINUTES: int = env.int("NOTIFY_FAULTED_MINUTES", default=10)

# --- Admin ------------------------------------------------------------------------------------

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "UNIEV",
    "SITE_HEADER": "UNIEV",
    "SITE_SUBHEADER": _("Operations"),
    "SITE_URL": "/",
    "SITE_SYMBOL": "ev_station",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("uniev/favicon.svg"),
        },
    ],
    # The portal's teal, so that both look like one house.
    "COLORS": {
        "primary": {
            "50": "#f0fdfa",
            "100": "#ccfbf1",
            "200": "#99f6e4",
            "300": "#5eead4",
            "400": "#2dd4bf",
            "500": "#14b8a6",
            # Links on white and words on buttons: 4.5 : 1 and more.
            "600": "#0f766e",
            "700": "#115e59",
            "800": "#134e4a",
            "900": "#113f3b",
            "950": "#042f2e",
        },
    },
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "DASHBOARD_CALLBACK": "unievp.web.admin_home.dashboard",
    "LOGIN": {"redirect_after": lambda _request: reverse_lazy("admin:index")},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Password"), "link": reverse_lazy("account_change_password")},
            {"title": _("Second factor"), "link": reverse_lazy("mfa_index")},
            {"title": _("Where I am signed in"), "link": reverse_lazy("usersessions_list")},
        ],
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "unievp.web.admin_menu.navigation",
    },
}

# --- Logging ----------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "unievp.lib.logs.LineFormatter"}},
    "filters": {"refusals": {"()": "unievp.lib.logs.RefusalsInOneLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # Without Django's own handler, which would say everything a second time.
        "django": {"handlers": [], "level": "INFO"},
        "django.request": {"filters": ["refusals"]},
        "django.server": {"level": "WARNING"},
        "daphne.http_protocol": {"level": "WARNING"},
        # It would write whole addresses, and those of webhooks may hold somebody's secret.
        "httpx": {"level": "WARNING"},
    },
}
