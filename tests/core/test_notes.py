"""What is kept of a body: words as labels, sentences as text, the longest wait."""

from __future__ import annotations

import pytest

from halley.core.notes import WAITS_S, Notes


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("ModelNotFound", "model_not_found"),
        ("InvalidApiKey", "invalid_api_key"),
        ("Throttling.RateQuota", "ratequota"),
        ("com.amazon#ThrottlingException", "throttlingexception"),
        ("local:insufficient_quota", "insufficient_quota"),
        (1302, "1302"),
    ],
)
def test_a_code_is_a_label_in_each_of_its_spellings(code, label):
    """Camel case, dots and prefixes hide the same few words."""
    notes = Notes()
    notes.label(code)
    assert label in notes.labels


@pytest.mark.parametrize("name", WAITS_S)
def test_every_field_that_states_a_wait_is_read_in_its_unit(name):
    """Seconds, but for the two that say milliseconds."""
    notes = Notes()
    notes.waits({name: 1500})
    assert notes.delay_s == (1.5 if name.lower().endswith("ms") else 1500)


def test_of_several_waits_the_longest_counts():
    """Nobody comes early."""
    notes = Notes()
    notes.waits({"retry_after": 3, "resets_in_seconds": "90s", "retryAfter": "soon"})
    assert notes.delay_s == 90
