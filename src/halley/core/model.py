"""The words of the engine as values: request, outcome, failure, decision.

Everything here is immutable and knows nothing of any HTTP library. Header names are lower case,
times are in seconds, sizes in bytes. What is not known is ``None``, never a guess. The three that
every healthy call makes are named tuples: they cost a quarter of a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from halley.core.secret import Secret

Headers: TypeAlias = Mapping[str, str]
"""Header fields with lower-case names; of a repeated field, the first value."""


class Action(StrEnum):
    """What to do about an outcome (the closed set)."""

    OK = "ok"
    RETRY = "retry"
    POLL = "poll"
    FIX_REQUEST = "fix_request"
    FIX_MODEL = "fix_model"
    ROTATE_KEY = "rotate_key"
    TOP_UP = "top_up"
    FAIL_OVER = "fail_over"
    RECONCILE = "reconcile"
    STOP = "stop"

    @property
    def retryable(self) -> bool:
        """True for `retry` and `poll`, and only for them."""
        return self is Action.RETRY or self is Action.POLL


class StopReason(StrEnum):
    """Why a call ended without an answer."""

    FINAL = "final"
    ATTEMPTS = "attempts"
    BUDGET = "budget"
    BREAKER = "breaker"
    QUEUE = "queue"
    DEADLINE = "deadline"
    SERVER_WAIT = "server_wait"
    COMMITTED = "committed"
    NOT_REPLAYABLE = "not_replayable"
    CANCELLED = "cancelled"


class Origin(StrEnum):
    """Who produced the failure."""

    CLIENT = "client"
    EDGE = "edge"
    GATEWAY = "gateway"
    UPSTREAM = "upstream"


class Scope(StrEnum):
    """What the failure is about: the smallest thing to change for the next send to differ."""

    REQUEST = "request"
    TASK = "task"
    MODEL = "model"
    KEY = "key"
    ACCOUNT = "account"
    UPSTREAM = "upstream"
    SERVICE = "service"


class Kind(StrEnum):
    """The nature of a failure, independent of who reported it and with which status."""

    INVALID_REQUEST = "invalid_request"
    UNSUPPORTED_PARAMETER = "unsupported_parameter"
    CONTEXT_LENGTH = "context_length"
    CONTENT_POLICY = "content_policy"
    TOO_LARGE = "too_large"
    WRONG_PATH = "wrong_path"
    MODEL_NOT_FOUND = "model_not_found"
    MODEL_ACCESS = "model_access"
    INVALID_KEY = "invalid_key"
    KEY_QUOTA = "key_quota"
    PERMISSION = "permission"
    BALANCE = "balance"
    QUOTA = "quota"
    ACCOUNT = "account"
    REGION = "region"
    BLOCKED = "blocked"
    RATE_LIMIT = "rate_limit"
    CONCURRENCY = "concurrency"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    GATEWAY_CONFIG = "gateway_config"
    UPSTREAM_ERROR = "upstream_error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    CONFLICT = "conflict"
    BAD_REPLY = "bad_reply"
    TASK_NOT_VISIBLE = "task_not_visible"
    TASK_PENDING = "task_pending"
    TASK_FAILED = "task_failed"
    STREAM_CUT = "stream_cut"
    UNKNOWN = "unknown"


THROTTLED = frozenset({Kind.RATE_LIMIT, Kind.CONCURRENCY})
"""Kinds that are the pacer's affair and do not draw on the retry budget."""


class FaultKind(StrEnum):
    """How a send ended without an answer."""

    DNS = "dns"
    CONNECT = "connect"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS = "tls"
    PROXY = "proxy"
    POOL_TIMEOUT = "pool_timeout"
    UNSUPPORTED = "unsupported"
    MALFORMED = "malformed"
    WRITE = "write"
    WRITE_TIMEOUT = "write_timeout"
    READ = "read"
    READ_TIMEOUT = "read_timeout"
    PROTOCOL = "protocol"
    UNKNOWN = "unknown"


class StreamState(StrEnum):
    """How an event stream ended; one of a format whose end cannot be told has none."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    """It broke off, or ended without its finish."""
    STALLED = "stalled"
    """Nothing came, or nothing but keepalives, for too long."""
    FAILED = "failed"
    """An error came inside the stream."""
    CLOSED = "closed"
    """The caller wanted no more."""


NEVER_SENT = frozenset(
    {
        FaultKind.DNS,
        FaultKind.CONNECT,
        FaultKind.CONNECT_TIMEOUT,
        FaultKind.TLS,
        FaultKind.PROXY,
        FaultKind.POOL_TIMEOUT,
        FaultKind.UNSUPPORTED,
        FaultKind.MALFORMED,
    }
)
"""Faults before the first byte of the request: repeating them cannot buy anything twice."""


@dataclass(frozen=True, slots=True)
class Request:
    """One logical request, as far as a decision may look at it.

    `body` is None when it is not held in memory; `key` stands for the credential, in every process
    the same: its alias, or a digest that leads nobody back to it; 0 without a credential.
    `credentials` are the keys it carries, `private` what else of its head must not be shown.
    """

    method: str
    origin: str
    path: str
    body: bytes | None = b""
    content_type: str = ""
    key: int | str = 0
    replayable: bool = True
    credentials: tuple[Secret, ...] = ()
    private: tuple[Secret, ...] = ()


class Reply(NamedTuple):
    """The server answered.

    `body` is the decoded start of the body, at most the inspection limit; `complete` says that
    nothing follows it; `held` that all of it was read off the wire, so that the call can end here.
    A reply decided on its head has ``body=b""`` and neither. Of an event stream `stream` says how
    it ended before anything of it was delivered, and `content_at` when its first content came, in
    the driver's monotonic seconds.
    """

    status: int
    headers: Headers
    body: bytes = b""
    complete: bool = True
    held: bool = True
    stream: StreamState | None = None
    content_at: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """The server did not answer, or not to the end; `stream` as in `Reply`."""

    kind: FaultKind
    stream: StreamState | None = None

    @property
    def never_sent(self) -> bool:
        """The request cannot have reached the server."""
        return self.kind in NEVER_SENT


Outcome: TypeAlias = Reply | Fault


@dataclass(frozen=True, slots=True)
class Failure:
    """An outcome that is not a success, classified.

    Attributes:
        action: What the matching rule says by itself; `decide` has the last word.
        wait_s: The wait the server asked for, >= 0; None when it named none.
        rule: Name of the row that matched.
        field: Field of the request, model or limit concerned, for the advice.
        veto: What the server says about retrying (`x-should-retry`), None when it says nothing.
    """

    kind: Kind
    action: Action
    origin: Origin
    scope: Scope
    rule: str
    status: int | None = None
    code: str = ""
    request_id: str | None = None
    ray_id: str | None = None
    wait_s: float | None = None
    field: str = ""
    ambiguous: bool = False
    veto: bool | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do next, why, and how long to wait first (0 where no wait applies)."""

    action: Action
    wait_s: float
    rule: str
    advice: str

    @property
    def retryable(self) -> bool:
        """True for `retry` and `poll`, and only for them."""
        return self.action.retryable


class Attempt(NamedTuple):
    """One send and what came of it.

    Attributes:
        number: Counted from 1 within the call.
        elapsed_s: From this send to the decision about it.
        wait_s: Seconds until the next attempt; 0 when there is none.
        stop_reason: Set on the last attempt of a call that was given up.
        repaired: What was changed in the request for the next attempt; None: nothing.
        key: The alias of the credential it was sent with; None: the client's own.
        stream: How its event stream ended; None: it was none, or its end cannot be told.
        first_s: From this send to the first content of its event stream.
    """

    number: int
    action: Action
    elapsed_s: float
    status: int | None = None
    fault: FaultKind | None = None
    failure: Failure | None = None
    decision: Decision | None = None
    wait_s: float = 0.0
    stop_reason: StopReason | None = None
    request_id: str | None = None
    repaired: str | None = None
    key: str | None = None
    stream: StreamState | None = None
    first_s: float | None = None


class History(NamedTuple):
    """Every attempt of one call, in order."""

    call_id: str
    attempts: tuple[Attempt, ...]

    @property
    def stop_reason(self) -> StopReason | None:
        """Why halley gave up; None when the call succeeded."""
        return self.attempts[-1].stop_reason if self.attempts else None
