"""Good answers: what a request asks for, and the answer in the wire format of its path.

The text of every answer, and the arguments of every tool call, name the first digits of the
request's fingerprint, so a reader can tell that an answer belongs to its call, and hold characters
of two, three and four bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from halley.simulator.streams import Stream

Json = Mapping[str, object]

MP4 = "video/mp4"

THOUGHTS = ("Which", " comet", " trở lại", " 彗星", " ☄ 🚀?")
"""What a model that shows its thoughts thinks, word by word."""

_ARGUMENT_CHARACTERS = 9


@dataclass(frozen=True, slots=True)
class Ask:
    """What a format needs to know to answer.

    Attributes:
        fields: The JSON body, or the form fields.
        object_id: 24 hexadecimal digits for the ids of this answer.
        created: Unix seconds.
        gap_s: Pause between two events of a stream.
    """

    model: str
    fields: Json
    stream: bool
    fingerprint: str
    object_id: str
    created: int
    prompt_tokens: int
    gap_s: float

    @property
    def words(self) -> tuple[str, ...]:
        """The text of the answer, word by word with their spaces."""
        text = f"Comet Halley, sao chổi Halley, 彗星 ☄ 🚀 answers call {self.fingerprint[:8]}."
        first, *rest = text.split(" ")
        return (first, *(f" {word}" for word in rest))

    @property
    def text(self) -> str:
        """The whole text of the answer."""
        return "".join(self.words)

    @property
    def arguments(self) -> dict[str, object]:
        """The arguments of a tool call."""
        return {"comet": "sao chổi 彗星 ☄ 🚀", "year": 2061, "call": self.fingerprint[:8]}

    @property
    def argument_pieces(self) -> tuple[str, ...]:
        """The same as JSON, in pieces that are no JSON by themselves."""
        text = json.dumps(self.arguments, ensure_ascii=False)
        step = _ARGUMENT_CHARACTERS
        return tuple(text[at : at + step] for at in range(0, len(text), step))


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: JSON (or media) bytes, or a stream, and what it costs in LLM tokens and money."""

    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    stream: Stream | None = None
    llm_tokens: int = 0
    amount_usd: float = 0.0
