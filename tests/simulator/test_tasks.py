"""A paid video from its submit to its last poll."""

from __future__ import annotations

import json

import pytest

from halley.simulator import Profile
from halley.simulator.tasks import TaskPace

VIDEO = {"model": "sora-2", "prompt": "a comet", "seconds": "8"}


def submit(call, **more):
    return json.loads(call("/v1/videos", {**VIDEO, **more}).body)


def test_a_video_grows(caller):
    """Not visible, queued, in progress, completed; progress never falls."""
    call = caller()
    task = submit(call)
    assert (task["object"], task["status"]) == ("video", "queued")
    assert task["id"] == task["task_id"]
    seen = [
        json.loads(call.get(f"/v1/videos/{task['id']}", now=now).body)
        for now in (0.5, 1.0, 2.0, 4.9, 5.0)
    ]
    assert seen[0] == {"code": "task_not_exist", "message": "task_not_exist", "data": None}
    states = [video["status"] for video in seen[1:]]
    assert states == ["queued", "in_progress", "in_progress", "completed"]
    progress = [video["progress"] for video in seen[1:]]
    assert progress == sorted(progress)
    assert progress[-1] == 100


def test_an_unknown_task_is_400(caller):
    """A task that never was looks like one that is not visible yet."""
    reply = caller().get("/v1/videos/task_nope", now=99.0)
    assert (reply.status, json.loads(reply.body)["code"]) == (400, "task_not_exist")


def test_content_comes_when_it_is_completed(caller):
    """Before that the state is named; after it there are bytes of a video."""
    call = caller()
    path = f"/v1/videos/{submit(call)['id']}/content"
    early = call.get(path, now=3.0)
    assert early.status == 400
    assert "Task is not completed yet, current status: IN_PROGRESS" in early.body.decode()
    ready = call.get(path, now=6.0)
    assert (ready.status, ready.header("content-type")) == (200, "video/mp4")
    assert b"ftyp" in ready.body


def test_some_tasks_fail(caller):
    """A failed task says so in the poll, with 200, and keeps its bill."""
    call = caller(profile=Profile("failing", "", tasks=TaskPace(failing=1.0)))
    task = submit(call)
    video = json.loads(call.get(f"/v1/videos/{task['id']}", now=9.0).body)
    assert (video["status"], video["error"]["code"]) == ("failed", "generation_failed")
    assert call.simulator.ledger.amount_usd == pytest.approx(0.8)


@pytest.mark.parametrize("seconds", ["3", "16", "x", "-4"])
def test_seconds_must_be_in_range(caller, seconds):
    """Refused before anything is bought."""
    call = caller()
    reply = call("/v1/videos", VIDEO, seconds=seconds)
    assert reply.status == 400
    assert "seconds must be between 4 and 15" in reply.body.decode()
    assert call.simulator.ledger.billed == ()


def test_speed_shortens_the_task_too(caller):
    """At ten times the speed a task of five seconds takes half of one."""
    call = caller()
    task = json.loads(call("/v1/videos", VIDEO, speed=10.0).body)
    assert json.loads(call.get(f"/v1/videos/{task['id']}", now=0.5).body)["status"] == "completed"


def test_midjourney(caller):
    """Code 1 on success, then the states of Midjourney."""
    call = caller()
    value = json.loads(call("/mj/submit/imagine", {"prompt": "a comet"}).body)
    assert value["code"] == 1
    states = [
        json.loads(call.get(f"/mj/task/{value['result']}/fetch", now=now).body)["status"]
        for now in (1.5, 3.0, 9.0)
    ]
    assert states == ["SUBMITTED", "IN_PROGRESS", "SUCCESS"]
