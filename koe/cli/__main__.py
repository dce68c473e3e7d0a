"""``python -m koe.cli`` is ``koe``."""

import sys

from koe.program import main

if __name__ == "__main__":
    sys.exit(main())
