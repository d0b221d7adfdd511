"""Where the work is done: a request that passed every gate becomes an answer, or a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from halley.simulator import stamps, tasks
from halley.simulator.answers import Answer, Ask
from halley.simulator.catalogue import (
    Model,
    amount_usd,
    list_models,
    public_catalogue,
    show_model,
)
from halley.simulator.formats import chat, embeddings
from halley.simulator.gates import Objection, seconds_of
from halley.simulator.gemini import gemini
from halley.simulator.messages import messages
from halley.simulator.responses import responses
from halley.simulator.routes import Wire
from halley.simulator.scene import Scene
from halley.simulator.tasks import Task, TaskPace

_FORMATS: Mapping[Wire, Callable[[Ask], Answer]] = MappingProxyType(
    {
        Wire.CHAT: chat,
        Wire.RESPONSES: responses,
        Wire.MESSAGES: messages,
        Wire.GEMINI: gemini,
        Wire.EMBEDDINGS: embeddings,
    }
)
_BYTES_PER_LLM_TOKEN = 4
_NOT_COMPLETED = {"queued": "QUEUED", "in_progress": "IN_PROGRESS", "failed": "FAILURE"}


class Desk:
    """Answers, and remembers the tasks it was paid for."""

    def __init__(self, catalogue: Mapping[str, Model], pace: TaskPace) -> None:
        self.catalogue = catalogue
        self._pace = pace
        self._tasks: dict[str, Task] = {}

    def answer(self, scene: Scene) -> Answer | Objection:
        """The good answer to a request, or the error row a poll meets."""
        if scene.wire and (write := _FORMATS.get(scene.wire)):
            answer = write(_ask(scene))
            model = self.catalogue[scene.model]
            return replace(answer, amount_usd=amount_usd(model, answer.llm_tokens))
        if scene.match and scene.match.task:
            return self._poll(scene, scene.match.task)
        if scene.paid:
            return self._submit(scene)
        return self._list(scene)

    def _list(self, scene: Scene) -> Answer:
        created = stamps.unix_s(0.0)
        if scene.wire is Wire.MODEL:
            return show_model(self.catalogue, scene.model, created)
        if scene.wire is Wire.MODELS:
            return list_models(self.catalogue, created)
        return public_catalogue(self.catalogue)

    def _submit(self, scene: Scene) -> Answer:
        fields = scene.fields or {}
        seconds = seconds_of(fields) or 0
        task = Task(
            id=f"task_{stamps.object_id(scene.rng)}",
            model=scene.model,
            submitted_at=scene.now,
            created=stamps.unix_s(scene.now),
            pace=self._pace.faster(scene.speed),
            fails=scene.rng.random() < self._pace.failing,
            seconds=str(seconds),
            size=str(fields.get("size", "720x1280")),
        )
        self._tasks[task.id] = task
        usd = self.catalogue[scene.model].usd
        if scene.wire is Wire.MIDJOURNEY_SUBMIT:
            return replace(tasks.submitted_midjourney(task), amount_usd=usd)
        return replace(tasks.poll_video(task, scene.now), amount_usd=usd * seconds)

    def _poll(self, scene: Scene, task_id: str) -> Answer | Objection:
        task = self._tasks.get(task_id)
        if task is None or not task.visible(scene.now):
            return Objection("task_not_exist")
        if scene.wire is Wire.MIDJOURNEY_POLL:
            return tasks.poll_midjourney(task, scene.now)
        if scene.wire is Wire.VIDEO_POLL:
            return tasks.poll_video(task, scene.now)
        state = task.state(scene.now)
        if state == "completed":
            return tasks.video_content()
        return Objection("task_not_completed", {"state": _NOT_COMPLETED[state]})


def _ask(scene: Scene) -> Ask:
    return Ask(
        model=scene.model,
        fields=scene.fields or {},
        stream=scene.stream,
        fingerprint=scene.fingerprint,
        object_id=stamps.object_id(scene.rng),
        created=stamps.unix_s(scene.now),
        prompt_tokens=max(1, len(scene.request.body) // _BYTES_PER_LLM_TOKEN),
        gap_s=scene.latency.gap_s,
    )
