"""Answers that halley gives in the server's place, when nothing is sent.

They have the form of the endpoint's own errors, so that the SDK raises what its user catches; their
codes begin with `halley_` and have rows of their own in the tables.
"""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from halley.core.endpoints import Format, family_of
from halley.core.model import Headers, Reply

GOOGLE_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
"""google.rpc.Code by HTTP status."""


class Local(NamedTuple):
    """An answer of our own.

    Attributes:
        status: Of the reply, 400 to 599.
        code: `halley_…`, the label by which its row knows it.
        message: A sentence for a person.
        kind: The error's `type` in OpenAI's and Anthropic's form.
        param: The field of the request that it is about.
        wait_s: When asking again makes sense; None: not by waiting.
    """

    status: int
    code: str
    message: str
    kind: str = "halley_error"
    param: str | None = None
    wait_s: float | None = None

    @property
    def headers(self) -> Headers:
        """The fields of the reply: no client above may send it again by itself."""
        fields = {"content-type": "application/json", "x-should-retry": "false"}
        if self.wait_s is not None:
            fields["retry-after-ms"] = str(int(self.wait_s * 1000))
        return fields

    def reply(self, path: str) -> Reply:
        """Return the answer as an outcome."""
        return Reply(self.status, self.headers, self.body(path))

    def body(self, path: str) -> bytes:
        """Return the error as the endpoint at a path spells its own."""
        match family_of(path).format:
            case Format.MESSAGES:
                error = {"type": self.kind, "message": self.message, "code": self.code}
                return json.dumps({"type": "error", "error": error}).encode()
            case Format.GEMINI:
                details = [
                    {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": self.code}
                ]
                name = GOOGLE_STATUSES.get(self.status, "UNKNOWN")
                told = {"code": self.status, "message": self.message, "status": name}
                return json.dumps({"error": {**told, "details": details}}).encode()
            case _:
                plain = {"message": self.message, "type": self.kind, "code": self.code}
                return json.dumps({"error": {**plain, "param": self.param}}).encode()
