"""Which release of halley tells: for telemetry, which keeps it beside the figures."""

from __future__ import annotations

from importlib import metadata


def version() -> str:
    """Return the installed release, or "unknown" where halley runs from a bare checkout."""
    try:
        return metadata.version("halley")
    except metadata.PackageNotFoundError:
        return "unknown"
