"""Django's settings: what the environment decides, and what it may not."""

import os
from pathlib import Path
from typing import Any

import dj_database_url

from backend.config.environment import REPOSITORY, Environment
from backend.config.secret_key import read_secret_key

ENVIRONMENT = Environment.read(os.environ)

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key or read_secret_key(ENVIRONMENT.data)
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
ROOT_URLCONF = "backend.config.urls"
ASGI_APPLICATION = "backend.config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
APPEND_SLASH = False

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "backend.config",
    "backend.projects",
    "backend.jobs",
    "backend.series",
    "backend.annotations",
    "backend.inference",
    "backend.live",
]

MIDDLEWARE = [
    "backend.config.security.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "backend.config.frontend.FrontendMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]

TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [], "APP_DIRS": True, "OPTIONS": {}},
]

# ---- data ---------------------------------------------------------------------------------------------------

GRATICULE_DATA: Path = ENVIRONMENT.data
GRATICULE_ENGINE: str = ENVIRONMENT.engine
GRATICULE_REDIS_URL: str = ENVIRONMENT.redis_url
GRATICULE_NEIGHBOURS: int = ENVIRONMENT.neighbours
MAX_UPLOAD_BYTES = ENVIRONMENT.max_upload_bytes
MAX_FRAMES = ENVIRONMENT.max_frames
MAX_FRAME_PIXELS = ENVIRONMENT.max_frame_pixels
MAX_SERIES_BYTES = ENVIRONMENT.max_series_bytes
MAX_READER_BYTES = ENVIRONMENT.max_reader_bytes
READER_PATIENCE_S = ENVIRONMENT.reader_patience_s
MAX_REQUEST_BYTES = 64 * 1024**2
MAX_MODEL_BYTES = 512 * 1024**2
TEST_MODELS = ENVIRONMENT.test_models

DATABASES: dict[str, Any] = {"default": dj_database_url.parse(ENVIRONMENT.database_url)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        # A transaction that reads and then writes would otherwise fail at once when another one wrote in between.
        "transaction_mode": "IMMEDIATE",
        # FULL: what was acknowledged is on the disk, even when the power fails a moment later.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }

# Files stream to the disk that will hold them, never into memory, so that a rename puts them in place.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = str(GRATICULE_DATA / "tmp")
FILE_UPLOAD_PERMISSIONS = 0o640
SILENCED_SYSTEM_CHECKS = ["files.E001"]  # `setup` and asgi.py make the folder; reading the settings does not
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_REQUEST_BYTES

# ---- people -------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "projects.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENVIRONMENT.https
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = ENVIRONMENT.https
CSRF_TRUSTED_ORIGINS = list(ENVIRONMENT.trusted_origins)
CSRF_FAILURE_VIEW = "backend.config.exceptions.csrf_failure"

# ---- security -----------------------------------------------------------------------------------------------

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.https else None
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.https else 0
# wasm-unsafe-eval: the zstd decoder in the browser. No inline script, nothing from other sites.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

# ---- REST ---------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    # Token first: its answer to a stranger is 401, where the session's would be 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "backend.projects.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["backend.config.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "backend.config.exceptions.handle_exception",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Graticule",
    "DESCRIPTION": "Annotate, track and measure microscopy image series as a team.",
    "VERSION": "1",
    # 3.1 is JSON Schema proper, in which pydantic describes the messages.
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": None,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "JobState": "backend.jobs.models.State",
        "MaskState": ["accepted", "proposal"],
        "Role": "backend.projects.roles.Role",
    },
}

# ---- the built front end ------------------------------------------------------------------------------------

FRONTEND_DIST = REPOSITORY / "frontend" / "dist"
STATIC_URL = "/static/"
WHITENOISE_ROOT = str(FRONTEND_DIST) if FRONTEND_DIST.is_dir() else None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"httpx": {"level": "WARNING"}},
}
