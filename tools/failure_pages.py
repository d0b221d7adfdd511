"""Bring the pages about failures in step with the tables.

    python tools/failure_pages.py

Cause and first sentence of a page are written by hand; the rules, their decisions and their sources
are the tables'. A test checks that the pages are this tool's output.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from halley.core.model import Action, Kind
from halley.core.tables import NATURAL, Row
from halley.providers import TABLES

FOLDER: Final = Path(__file__).parent.parent / "docs" / "failures"

GLOSSES: Final[dict[Action, str]] = {
    Action.RETRY: "sent again after the wait",
    Action.POLL: "asked again later",
    Action.FIX_REQUEST: "not repeated: change the request",
    Action.FIX_MODEL: "not repeated: choose another model",
    Action.ROTATE_KEY: "not repeated with this key",
    Action.TOP_UP: "not repeated: no key and no wait will help",
    Action.FAIL_OVER: "not repeated here: another target may serve it",
    Action.RECONCILE: "not repeated: find out first whether it was accepted",
    Action.STOP: "not repeated",
}
_EXCEPTIONS: Final = re.compile(r"\nSome rules decide otherwise:\n\n(?:- .*\n)+")
_DECISION: Final = re.compile(r"\n## Decision\n\n.+\n")
_RULES: Final = "| rule | decision | source |\n|---|---|---|\n"


def page(kind: Kind, written: str) -> str:
    """The page of a kind: what is `written` by hand, and the tables' rules of today."""
    rows = [row for row in TABLES.rows if row.kind is kind]
    prose = _EXCEPTIONS.sub("", written).partition(_RULES)[0]
    others = "".join(_exceptions(kind, rows))
    prose = _DECISION.sub(lambda decision: decision[0] + others, prose)
    lines = [f"| `{row.name}` | `{row.chosen_action}` | {row.source} |\n" for row in rows]
    return f"{prose}{_RULES}{''.join(lines)}"


def _exceptions(kind: Kind, rows: list[Row]) -> Iterator[str]:
    """The actions of rows that do not follow their kind, each with the rows' names."""
    found: dict[Action, list[str]] = {}
    for row in rows:
        if row.chosen_action is not NATURAL[kind][0]:
            found.setdefault(row.chosen_action, []).append(f"`{row.name}`")
    if not found:
        return
    yield "\nSome rules decide otherwise:\n\n"
    for action, names in found.items():
        yield f"- `{action}` ({GLOSSES[action]}): {', '.join(names)}\n"


def main() -> None:
    """Write every page anew."""
    for kind in Kind:
        path = FOLDER / f"{kind}.md"
        path.write_text(page(kind, path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
