"""Single calls out of a log, with all their attempts; the log must be loaded with its details."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

from halley.records.report.load import Log

_CALLS: Final = """
SELECT call_id, outcome, started_ms, ended_ms, attempts, wait_s FROM calls
{where} ORDER BY started_ms, call_id"""
_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt, as its record has it."""

    call_id: str
    attempt: int
    sent_ms: int
    ended_ms: int
    method: str | None
    host: str | None
    path: str | None
    model: str | None
    key: str | None
    status: int | None
    fault: str | None
    code: str | None
    kind: str | None
    action: str
    rule: str | None
    stop_reason: str | None
    repaired: str | None
    stream: str | None
    ambiguous: bool
    wait_s: float | None
    elapsed_s: float | None
    first_s: float | None
    queued_s: float | None
    total_tokens: int | None
    request_id: str | None
    ray_id: str | None
    error_body: str | None
    error_bytes: int | None
    error_sha256: str | None

    @property
    def seen(self) -> str:
        """What came of it, in a few words."""
        met = self.status if self.status is not None else self.fault
        words = [str(part) for part in (met, self.kind) if part is not None]
        return " ".join(words) or "not sent"


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call and its attempts, in order."""

    call_id: str
    outcome: str
    started_ms: int
    ended_ms: int
    attempts: int
    wait_s: float
    history: tuple[AttemptRow, ...]

    @property
    def last(self) -> AttemptRow:
        """The attempt that ended it."""
        return self.history[-1]


_ATTEMPTS: Final = f"""
SELECT {", ".join(field.name for field in fields(AttemptRow))}
FROM attempts JOIN (SELECT call_id, started_ms FROM calls {{where}}) USING (call_id)
ORDER BY started_ms, call_id, attempt"""  # noqa: S608 - names are ours


def listed(log: Log, where: str = "", values: dict[str, Any] | None = None) -> Iterator[CallRow]:
    """Yield the calls that are left in a log by the time they began.

    Args:
        log: Loaded with `DETAILS`.
        where: An SQL condition on `calls`, with its `WHERE`.
        values: Its parameters.
    """
    calls = log.connection.cursor().execute(_CALLS.format(where=where), values or {})
    attempts = log.connection.cursor().execute(_ATTEMPTS.format(where=where), values or {})
    rows = (
        AttemptRow(*row) for batch in iter(lambda: attempts.fetchmany(_BATCH), []) for row in batch
    )
    waiting = next(rows, None)
    for batch in iter(lambda: calls.fetchmany(_BATCH), []):
        for call in batch:
            history = []
            while waiting is not None and waiting.call_id == call[0]:
                history.append(waiting)
                waiting = next(rows, None)
            yield CallRow(*(*call, tuple(history)))
