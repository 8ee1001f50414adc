"""Settings, read from the environment. Every variable is described in docs/running.md."""

import contextlib
import os
import secrets
from pathlib import Path

import dj_database_url

from backend.ops.office.theme import UNFOLD  # noqa: F401 - a setting that the admin theme reads

REPOSITORY = Path(__file__).resolve().parents[2]


def _flag(name: str, default: str = "0") -> bool:
    return os.environ.get(name, default).lower() in {"1", "true", "yes", "on"}


#: Keys, secrets, outbox of files for higher levels, logs.
VAR = Path(os.environ.get("GRIDKEEPER_VAR", str(REPOSITORY / "var")))
KEY_FOLDER = VAR / "keys"
OUTBOX_FOLDER = VAR / "outbox"
PWA_FOLDER = REPOSITORY / "pwa" / "dist"
FIXTURES = REPOSITORY / "fixtures"

DEBUG = False
#: Invented people, moving clock, known passwords. Off unless asked for.
DEMO_MODE = _flag("GRIDKEEPER_DEMO")
DEMO_PASSWORD = os.environ.get("DEMO_PASSWORD", "gridkeeper-demo")
#: Served over TLS: cookies are marked secure.
SECURE = _flag("GRIDKEEPER_SECURE")
API_LEVEL = 1
#: Apps built for an older level of the protocol send what they hold, and are given nothing new until they are updated.
MINIMUM_API_LEVEL = int(os.environ.get("GRIDKEEPER_MINIMUM_API_LEVEL", "1"))


def _secret_key() -> str:
    if key := os.environ.get("GRIDKEEPER_SECRET_KEY"):
        return key
    path = VAR / "secrets" / "django.key"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = os.environ.get("GRIDKEEPER_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("GRIDKEEPER_TRUSTED_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    # Before unfold: its templates are overridden here.
    "backend.ops",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "backend.ops.office.apps.OfficeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "axes",
    "backend.core",
    "backend.audit",
    "backend.regions",
    "backend.policies",
    "backend.accounts",
    "backend.realtime",
    "backend.residents",
    "backend.alerts",
    "backend.facts",
    "backend.health",
    "backend.returnees",
    "backend.visits",
    "backend.sync",
    "backend.reports",
]

#: What sets headers on every answer, whatever is asked for; an upload's short way takes them over (docs/sync.md).
HEADER_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "backend.config.headers.SecurityHeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
MIDDLEWARE = [
    *HEADER_MIDDLEWARE,
    "backend.config.files.AsyncFilesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "backend.accounts.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "backend.config.urls"
ASGI_APPLICATION = "backend.config.asgi.application"
WSGI_APPLICATION = "backend.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

_url = os.environ.get("DATABASE_URL", "postgresql:///gridkeeper")
if os.environ.get("GRIDKEEPER_DB_ROLE") == "owner":
    # Migrations and grants run as the owner of the tables; everything else as a role that owns nothing.
    _url = os.environ.get("DATABASE_OWNER_URL", _url)
DATABASES = {"default": dj_database_url.parse(_url, engine="backend.core.postgresql", conn_max_age=0)}
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5
# Only `core.sql` prepares statements. Were psycopg to prepare any, it would drop them all after a rollback, those too.
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = None
_pool = int(os.environ.get("GRIDKEEPER_DB_POOL", "0"))
if _pool:
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 2, "max_size": _pool, "timeout": 10}
#: Requests that a web process works on at once (`config.lanes`): each has a connection for itself, and the hub of the
#: sockets keeps five.
HTTP_PLACES = max(2, _pool - 5) if _pool else 8
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("GRIDKEEPER_TEST_DB", "test_gridkeeper")}
#: The role that the running application signs in as; `bin/manage prepare` grants it what it may do.
APPLICATION_ROLE = dj_database_url.parse(os.environ.get("DATABASE_URL", _url))["USER"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
#: Seconds that a request may wait for Redis before it goes on without.
REDIS_TIMEOUT = 0.5

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesBackend", "backend.accounts.backends.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# A county shares one address: a lockout takes account and address together, never the address alone.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_CALLABLE = "backend.accounts.lockout.locked_out"
PASSWORD_HASHERS = ["backend.accounts.hashers.PasswordHasher"]

SESSION_ENGINE = "backend.accounts.session_store"
SESSION_COOKIE_NAME = "gk_session"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "gk_csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "backend.ops.views.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _flag("GRIDKEEPER_BEHIND_PROXY") else None
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_ROOT = PWA_FOLDER if PWA_FOLDER.exists() else None
WHITENOISE_USE_FINDERS = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["backend.core.permissions.SessionSignIn"],
    "DEFAULT_PERMISSION_CLASSES": ["backend.core.permissions.DeclaredCapability"],
    "DEFAULT_RENDERER_CLASSES": ["backend.core.rendering.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "backend.core.rendering.PlainNegotiation",
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "backend.core.api.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "网格守望 Gridkeeper",
    "DESCRIPTION": "Community grid management for epidemic control: sync protocol, alerts, daily and zero reports.",
    "VERSION": "1",
    # msgspec describes its shapes in the dialect of 3.1.
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "AlertState": "backend.alerts.choices.State",
        "CloseReason": "backend.alerts.choices.CloseReason",
        "ReportState": "backend.reports.choices.State",
        "ReturneeState": "backend.returnees.choices.ReturneeState",
    },
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ALWAYS_EAGER = _flag("GRIDKEEPER_TASKS_EAGER")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 0.5}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("GRIDKEEPER_LOG_LEVEL", "INFO")},
    # These loggers quote paths with their query strings; nothing below /api/ may reach a log with its parameters.
    "loggers": {"django.request": {"level": "ERROR"}, "axes": {"level": "WARNING"}},
}
