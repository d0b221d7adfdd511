"""Loading a policy file: TOML, read only where it is named, with errors that say what to do."""

from __future__ import annotations

import tomllib
from pathlib import Path

from halley.core.errors import PolicyError
from halley.core.policy import Policy

BYTES_MAX = 1024 * 1024


def load(path: Path) -> Policy:
    """Read a policy file; settings it does not name keep their defaults.

    Raises:
        PolicyError: ``halley.toml: attempts: expected a whole number from 1 to 20, got 0``.
    """
    try:
        with path.open("rb") as file:
            text = file.read(BYTES_MAX).decode()
        return Policy().override(tomllib.loads(text))
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PolicyError(f"{path}: expected UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path}: not TOML: {error}") from None
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from None
