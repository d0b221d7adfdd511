"""The table of errors: every row has a source and can be written."""

from __future__ import annotations

import json

import pytest

from halley.simulator.errors import ERRORS
from halley.simulator.script import fail, script


@pytest.mark.parametrize("name", ERRORS)
def test_every_row_can_be_played_and_names_its_source(caller, name):
    """A scripted row comes back with its status as JSON, all placeholders filled."""
    reply = caller(script=script(fail(name)))()
    row = ERRORS[name]
    assert reply.status == row.status
    assert row.source
    text = json.dumps(json.loads(reply.body))
    assert "{" not in text.replace('{"', "")


@pytest.mark.parametrize(
    ("name", "permanent"),
    [
        ("model_not_found", True),
        ("invalid_request", True),
        ("balance", True),
        ("upstream_quota", True),
        ("busy", False),
        ("saturated", False),
        ("task_not_exist", False),
    ],
)
def test_what_fails_again(name, permanent):
    """Permanence goes by the meaning, not by the status."""
    assert ERRORS[name].permanent is permanent
