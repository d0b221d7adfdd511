"""Paid tasks: a submit that buys, and polls that watch it grow.

A task is a value whose state is a function of its age. Just after the submit it is not visible yet
(CometAPI, Runway page: "a newly created task_id can briefly return task_not_exist").
"""

from __future__ import annotations

from dataclasses import dataclass

from halley.simulator.answers import MP4, Answer
from halley.simulator.shapes import dumps

_MOVIE = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(4096)

_MIDJOURNEY_STATES = {
    "queued": "SUBMITTED",
    "in_progress": "IN_PROGRESS",
    "completed": "SUCCESS",
    "failed": "FAILURE",
}


@dataclass(frozen=True, slots=True)
class TaskPace:
    """When a task changes its state, in seconds of age, and how often it fails (0 to 1)."""

    visible_s: float = 1.0
    started_s: float = 2.0
    finished_s: float = 5.0
    failing: float = 0.0

    def faster(self, speed: float) -> TaskPace:
        """The same pace with every time divided by `speed`."""
        return TaskPace(
            self.visible_s / speed, self.started_s / speed, self.finished_s / speed, self.failing
        )


@dataclass(frozen=True, slots=True)
class Task:
    """One accepted submit."""

    id: str
    model: str
    submitted_at: float
    created: int
    pace: TaskPace
    fails: bool
    seconds: str = "4"
    size: str = "720x1280"

    def visible(self, now: float) -> bool:
        """Whether a poll finds the task yet."""
        return now - self.submitted_at >= self.pace.visible_s

    def state(self, now: float) -> str:
        """queued, in_progress, then completed or failed."""
        age_s = now - self.submitted_at
        if age_s < self.pace.started_s:
            return "queued"
        if age_s < self.pace.finished_s:
            return "in_progress"
        return "failed" if self.fails else "completed"

    def progress(self, now: float) -> int:
        """Per cent of the time that the task takes."""
        return min(100, int(100 * (now - self.submitted_at) / self.pace.finished_s))


def video(task: Task, now: float) -> dict[str, object]:
    """The video object of `/v1/videos`."""
    state = task.state(now)
    value: dict[str, object] = {
        "id": task.id,
        "task_id": task.id,
        "object": "video",
        "model": task.model,
        "status": state,
        "progress": task.progress(now),
        "created_at": task.created,
        "seconds": task.seconds,
        "size": task.size,
    }
    if state == "failed":
        value["error"] = {"code": "generation_failed", "message": "the video was not rendered"}
    return value


def poll_video(task: Task, now: float) -> Answer:
    """`GET /v1/videos/{id}`."""
    return Answer(dumps(video(task, now)))


def video_content() -> Answer:
    """`GET /v1/videos/{id}/content` of a completed task."""
    return Answer(_MOVIE, MP4)


def submitted_midjourney(task: Task) -> Answer:
    """What `/mj/submit/*` answers: code 1 is success (CometAPI, Midjourney imagine page)."""
    value = {"code": 1, "description": "提交成功", "result": task.id, "properties": {}}
    return Answer(dumps(value))


def poll_midjourney(task: Task, now: float) -> Answer:
    """`GET /mj/task/{id}/fetch`."""
    state = _MIDJOURNEY_STATES[task.state(now)]
    reason = "the image was not rendered" if state == "FAILURE" else ""
    value = {"id": task.id, "status": state, "progress": f"{task.progress(now)}%"}
    return Answer(dumps({**value, "failReason": reason}))
