"""What a request passes before any work is done for it, in the order of new-api.

Key (middleware/auth.go), limits (middleware/model-rate-limit.go), body and model
(middleware/distributor.go), shape of the request, money (relay). The first gate that objects names
the error row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from halley.simulator import keys
from halley.simulator.catalogue import Model
from halley.simulator.routes import GENERATING, Wire
from halley.simulator.scene import Scene

_REQUIRED: Mapping[Wire, str] = {
    Wire.CHAT: "messages",
    Wire.RESPONSES: "input",
    Wire.MESSAGES: "messages",
    Wire.GEMINI: "contents",
    Wire.EMBEDDINGS: "input",
    Wire.VIDEO_SUBMIT: "prompt",
    Wire.MIDJOURNEY_SUBMIT: "prompt",
}
_SECONDS = range(4, 16)  # public client source: "seconds must be between 4 and 15"


@dataclass(frozen=True, slots=True)
class Objection:
    """The error row a gate answers with, and the words of its message."""

    row: str
    words: Mapping[str, str] = field(default_factory=dict)


def at_the_door(scene: Scene) -> Objection | None:
    """The key, where the path wants one."""
    if scene.match is None or scene.match.route.open:
        return None
    fate = keys.fate_of(scene.key)
    return Objection(fate) if fate in keys.AT_THE_DOOR else None


def at_the_desk(scene: Scene, catalogue: Mapping[str, Model]) -> Objection | None:
    """Body, model, shape and money of a request that something is charged for."""
    if scene.wire is Wire.MODEL and scene.model not in catalogue:
        return Objection("model_not_found")
    if scene.wire not in GENERATING:
        return None
    return _body(scene, catalogue) or _shape(scene) or _money(scene)


def seconds_of(fields: Mapping[str, object]) -> int | None:
    """Length of the video asked for, 4 when not said, None when it is no whole number."""
    text = str(fields.get("seconds", "4"))
    return int(text) if text.isdecimal() else None


def _body(scene: Scene, catalogue: Mapping[str, Model]) -> Objection | None:
    if scene.fields is None:
        return Objection("malformed_json")
    if not scene.model:
        return Objection("model_required")
    return None if scene.model in catalogue else Objection("model_not_found")


def _shape(scene: Scene) -> Objection | None:
    fields = scene.fields or {}
    wanted = _REQUIRED[scene.wire] if scene.wire else ""
    if not fields.get(wanted):
        return Objection("invalid_request", {"field": wanted})
    if scene.wire is Wire.VIDEO_SUBMIT and seconds_of(fields) not in _SECONDS:
        return Objection("seconds_out_of_range")
    return None


def _money(scene: Scene) -> Objection | None:
    fate = keys.fate_of(scene.key)
    if fate == "balance" and scene.wire is Wire.VIDEO_SUBMIT:
        return Objection("task_balance")
    return Objection(fate) if fate else None
