"""The loggers of HTTP libraries, servers and SDKs, without keys, prompts and files.

httpx logs URLs with their query, the SDKs log whole requests, httpcore every header. A filter on a
logger sees its own records alone and none of its children's, and which children there are is known
when they speak. So the factory of records puts the filter on each logger of these families when its
first record is made, before any handler sees it. No library is imported.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from halley.core.secret import Secret
from halley.records.redact import Redactor
from halley.records.redact.marks import unloggable

FAMILIES: Final = frozenset(
    {
        *("httpx", "httpx2", "httpcore", "httpcore2", "h11", "h2", "hpack"),
        *("aiohttp", "uvicorn", "openai", "anthropic", "google_genai", "cometapi"),
    }
)
"""Loggers, by the first part of their names."""
KEY_VARIABLES: Final = (
    *("COMETAPI_KEY", "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "AZURE_OPENAI_API_KEY"),
    *("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "GEMINI_API_KEY", "GOOGLE_API_KEY"),
    *("OPENROUTER_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "DEEPSEEK_API_KEY"),
    *("DASHSCOPE_API_KEY", "MOONSHOT_API_KEY", "XAI_API_KEY", "HF_TOKEN", "COHERE_API_KEY"),
    *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"),
)
"""Environment variables in which keys usually stand."""
PRIVATE: Final = frozenset(
    {
        *("content", "contents", "data", "documents", "files", "input", "instructions"),
        *("json_data", "messages", "prompt", "system", "system_instruction", "text", "tools"),
    }
)
"""Members of what an SDK logs that hold prompts and files."""
TEXT_BYTES_MAX: Final = 8192
DEPTH_MAX: Final = 12
STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) - {"args", "msg"}
"""Attributes that every record has; all others came by `extra`."""


def keys_of_environment() -> list[str]:
    """Return the keys that usual environment variables hold."""
    return [key for name in KEY_VARIABLES if (key := os.environ.get(name, "").strip())]


def quiet(*keys: Secret | str) -> Quiet:
    """Keep keys, prompts and files out of what HTTP libraries, servers and SDKs log.

    At any level and for all their loggers, from now on; levels and handlers stay. Calling it again
    with more keys is fine. The result can be called, or left as a `with` block, to undo it.

    Args:
        keys: Any keys of yours beside those in the usual environment variables; others are known by
            their shapes and names alone.
    """
    return Quiet([*keys, *keys_of_environment()])


class Quiet:
    """Redaction of others' loggers while it lasts: a filter, and the factory that installs it."""

    __slots__ = ("_before", "_factory", "_filtered", "_over", "_redactor")

    def __init__(self, keys: Iterable[Secret | str]) -> None:
        self._redactor = Redactor(keys)
        self._filtered: list[logging.Logger] = []
        self._over = False
        self._before = before = logging.getLogRecordFactory()
        self._factory = self._watching(before)
        logging.setLogRecordFactory(self._factory)

    def _watching(self, before: Callable[..., logging.LogRecord]) -> Callable[..., Any]:
        def factory(name: str, *args: Any, **options: Any) -> logging.LogRecord:  # noqa: ANN401
            if not self._over and name.partition(".")[0] in FAMILIES:
                self._watch(logging.getLogger(name))
            return before(name, *args, **options)

        return factory

    def _watch(self, logger: logging.Logger) -> None:
        if self.filter not in logger.filters:
            logger.addFilter(self.filter)
            self._filtered.append(logger)

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record where it is; a record that cannot be redacted keeps its level alone."""
        try:
            _redact(record, self._redactor)
        except Exception:  # noqa: BLE001 - what is not understood is not shown
            record.msg, record.args = unloggable("log", 0), None
            record.exc_info = record.exc_text = record.stack_info = None
        return True

    def undo(self) -> None:
        """Let the loggers speak as before."""
        for logger in self._filtered:
            logger.removeFilter(self.filter)
        self._filtered.clear()
        self._over = True  # where another factory stands on ours, it goes on calling it
        if logging.getLogRecordFactory() is self._factory:
            logging.setLogRecordFactory(self._before)

    __call__ = undo

    def __enter__(self) -> Self:
        """Return itself; it has begun already."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Undo it."""
        self.undo()

    def __repr__(self) -> str:
        return "<halley.quiet>"


def _redact(record: logging.LogRecord, redactor: Redactor) -> None:
    """Redact message, arguments, extras and traceback of a record.

    uvicorn's formatter takes the arguments of its access log apart: they keep number and types.
    """
    record.args = _arguments(record.args, redactor)
    text = record.getMessage()
    shown = redactor.text(text, TEXT_BYTES_MAX)
    if shown != text and record.name != "uvicorn.access":
        record.msg, record.args = shown, None
    for name, value in vars(record).items():
        if name not in STANDARD and name not in ("args", "msg", "message"):
            setattr(record, name, _shown(value, redactor))
    if record.exc_info:
        lines = traceback.format_exception(*record.exc_info)
        record.exc_text = _lines("".join(lines), redactor)
        record.exc_info = None
    if record.stack_info:
        record.stack_info = _lines(record.stack_info, redactor)


def _arguments(args: Any, redactor: Redactor) -> Any:  # noqa: ANN401 - as LogRecord.args
    if isinstance(args, tuple):
        return tuple(_shown(value, redactor) for value in args)
    return _shown(args, redactor)


def _lines(text: str, redactor: Redactor) -> str:
    return "\n".join(redactor.text(line, TEXT_BYTES_MAX) for line in text.rstrip().split("\n"))


def _shown(value: Any, redactor: Redactor, depth: int = 0) -> Any:  # noqa: ANN401 - any argument
    """Return an argument as it may be shown: of the same type where that is plain data."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redactor.text(value, TEXT_BYTES_MAX)
    if depth > DEPTH_MAX:
        return unloggable("depth", 0)
    if isinstance(value, Mapping):
        return {key: _member(key, value[key], redactor, depth) for key in value}
    if isinstance(value, tuple | list):
        items = [_shown(item, redactor, depth + 1) for item in value]
        return items if isinstance(value, list) else tuple(items)
    text = str(value)
    shown = redactor.text(text, TEXT_BYTES_MAX)
    return value if shown == text else shown


def _member(name: object, value: object, redactor: Redactor, depth: int) -> object:
    """Return a member: content is left out, and a name tells what its value is."""
    if name in PRIVATE and value:
        return "<elided kind=request>"
    if isinstance(value, str):
        head = f"{name}: "
        return redactor.text(head + value, TEXT_BYTES_MAX).removeprefix(head)
    return _shown(value, redactor, depth + 1)
