"""What a desk runs is decided in two modules, where the tests can see it."""

import os

from export_guard import desk_settings
from kernels.desk import settings as kernel_settings

os.umask(0o007)  # files in the workspace are shared with the engine's group, and nobody else
c = get_config()  # type: ignore[name-defined]  # noqa: F821
desk_settings.configure(c)
kernel_settings.configure(c)
