"""``python -m provisioning.command``, where the package is not installed."""

import sys

from provisioning.command import main

sys.exit(main())
