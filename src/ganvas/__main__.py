"""Let `python -m ganvas` do what `ganvas` does."""

import sys

from .cli import main

sys.exit(main())
