"""LLM tokens that an answer took in and gave out, in the names of four formats."""

from __future__ import annotations

import json

import pytest

from halley.core.usage import Usage, total_tokens, usage_of

PADDING = b'{"content":"' + b"x" * 9000 + b'"}'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}', (5, 7)),
        (b'{"usage": {"input_tokens": 5, "output_tokens": 7}, "model": "x"}', (5, 7)),
        (b'{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7}}', (5, 7)),
        (b'{"promptTokenCount":5,"candidatesTokenCount":7,"thoughtsTokenCount":40}', (5, 47)),
        (b'{"usageMetadata":{"promptTokenCount":5,"thoughtsTokenCount":40}}', (5, 40)),
        (b'{"usage":{"prompt_tokens":5,"total_tokens":5}}', (5, None)),
        (b'{"input_tokens":25}' + PADDING + b'{"usage":{"output_tokens":15}}', (25, 15)),
        (b'{"usage":{"input_tokens":1,"output_tokens":1},"x":{"output_tokens":9}}', (1, 9)),
        (b'{"content":"{\\"input_tokens\\": 1, \\"output_tokens\\": 1}"}', (None, None)),
        (b"", (None, None)),
    ],
)
def test_what_went_in_and_what_came_out(body: bytes, expected: tuple[int | None, int | None]):
    """Of a stream the input stands at its start; what is quoted is text and no usage."""
    assert usage_of(body) == Usage(*expected)


def test_a_total_that_is_not_said_is_the_sum_of_both_in_every_format():
    """OpenAI's own names included."""
    assert total_tokens(b'{"usage":{"prompt_tokens":5,"completion_tokens":7}}') == 12


@pytest.mark.parametrize(
    ("usage", "used"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}, 12),
        ({"input_tokens": 5, "output_tokens": 7}, 12),
        (
            {
                "input_tokens": 5,
                "cache_creation_input_tokens": 20,
                "cache_read_input_tokens": 900,
                "output_tokens": 7,
            },
            32,
        ),
        ({"input_tokens": 5}, None),
        ({"promptTokenCount": 5, "totalTokenCount": 12}, 12),
        ({}, None),
    ],
)
def test_an_answer_says_what_it_took(usage: dict[str, int], used: int | None):
    """In the words of OpenAI, Anthropic and Gemini."""
    assert total_tokens(json.dumps({"text": "x" * 9000, "usage": usage}).encode()) == used
