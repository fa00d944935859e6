"""``python -m relink.adapters.cli``: the ``relink`` command."""

import sys

from . import main

sys.exit(main())
