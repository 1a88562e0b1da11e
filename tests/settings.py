"""The settings under test: the app's own, on a folder that is thrown away."""

import atexit
import os
import shutil
import tempfile

_data = tempfile.mkdtemp(prefix="graticule-tests-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
os.environ["GRATICULE_DATA"] = _data
os.environ["GRATICULE_SECRET_KEY"] = "a key for tests only"

from backend.config.data_folder import prepare  # noqa: E402
from backend.config.settings import *  # noqa: E402, F403 - reads the variables set above

prepare(GRATICULE_DATA)  # noqa: F405

# The real hash is slow on purpose; the tests sign in hundreds of times.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file, as in use: in memory SQLite has neither a write-ahead log nor writers that wait for each other.
    DATABASES["default"]["TEST"] = {"NAME": f"{_data}/tests.sqlite3"}  # noqa: F405
