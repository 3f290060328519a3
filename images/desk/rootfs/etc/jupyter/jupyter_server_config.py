"""What a desk runs is decided in `export_guard.desk_settings`, where the tests can see it."""

import os

from export_guard.desk_settings import configure

os.umask(0o007)  # files in the workspace are shared with the engine's group, and nobody else
configure(get_config())  # type: ignore[name-defined]  # noqa: F821
