"""The command line: one thin module per command, each loaded when it is called.

Nothing here is imported by the library. `halley --help` loads click and nothing else.
"""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line with the arguments of the process."""
    try:
        from halley.cli.guard import run  # noqa: PLC0415 - the package is imported for its parts too
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))
