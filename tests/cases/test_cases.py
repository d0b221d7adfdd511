"""Every labelled failure is explained as its label says."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from halley.core.model import Action
from halley.explaining import explain
from halley.providers import TABLES

from .labelled import CASES, SAMPLE, right_actions

PROVIDERS = {
    "anthropic", "azure-openai", "bedrock", "bytedance", "cloudflare", "cometapi", "dashscope",
    "deepseek", "gemini", "groq", "mistral", "moonshot", "new-api", "nginx", "one-api", "openai",
    "openrouter", "transport", "xai", "zhipu",
}  # fmt: skip

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])


@each_case
def test_the_action_is_one_of_the_labelled_ones(case):
    """The labelled action, or one its label calls defensible too."""
    assert explain(case).action in right_actions(case)


@each_case
def test_retryable_is_as_labelled(case):
    """What must not be retried is not, and what heals is."""
    explanation = explain(case)
    assert explanation.retryable == case["expected"]["retryable"]
    assert explanation.retryable == (explanation.action in {Action.RETRY, Action.POLL})


@each_case
def test_the_wait_is_never_shorter_than_the_servers(case):
    """A label's wait is a lower bound."""
    assert explain(case).wait_s >= case["expected"].get("wait_s", 0) - 1e-9


@each_case
def test_advice_is_given_in_both_languages(case):
    """A sentence, with nothing left open in it."""
    for lang in ("en", "vi"):
        text = explain(case, lang=lang).advice
        assert text.endswith(".")
        assert "{" not in text


def test_nearly_all_actions_are_exactly_the_labelled_ones():
    """Defensible answers are the exception: at most one case in fifty."""
    other = [case["id"] for case in CASES if explain(case).action != case["expected"]["action"]]
    assert len(other) <= len(CASES) // 50, other


@pytest.mark.parametrize(
    "case", [c for c in CASES if "request_id" in c["expected"]], ids=lambda case: case["id"]
)
def test_the_request_id_is_found(case):
    """Header or text, and the outermost of a chain."""
    assert explain(case).request_id == case["expected"]["request_id"]


@pytest.mark.parametrize("field", ["scope", "origin"])
def test_scope_and_origin_agree_with_the_labels(field):
    """At most one label in fifty is read otherwise."""
    labelled = [c for c in CASES if field in c["expected"] and c["expected"]["action"] != "ok"]
    other = [c["id"] for c in labelled if getattr(explain(c), field) != c["expected"][field]]
    assert len(other) <= len(labelled) // 50, other


def test_no_sample_that_must_not_be_retried_is_retried():
    """The promise, over the sample and our own cases alike."""
    never = [c for c in CASES if not c["expected"]["retryable"]]
    assert len(never) > 200
    assert [c["id"] for c in never if explain(c).retryable] == []


def test_every_row_decides_at_least_one_case():
    """No row is shadowed by an earlier one, and none is there for show."""
    deciding = Counter(explain(case).rule for case in CASES)
    rules = {rule for rule in deciding if rule != "ok"}
    reached = {
        r.name for r in TABLES.rows if any(f"{rule}.".startswith(f"{r.name}.") for rule in rules)
    }
    assert {row.name for row in TABLES.rows} - reached == set()


def test_there_are_enough_cases_of_every_provider_with_a_source_each():
    """300 at least, no id twice, none without a source."""
    assert len(CASES) >= 300
    assert len(SAMPLE) == 140
    assert {case["provider"] for case in CASES} >= PROVIDERS
    assert [case["id"] for case in CASES if not case["source"]] == []
    assert [
        name for name, count in Counter(case["id"] for case in CASES).items() if count > 1
    ] == []


def test_explanations_carry_nothing_of_the_body():
    """A planted prompt and key stay in the body."""
    key = "sk-" + "a" * 32
    for case in CASES:
        planted = case | {
            "body": case["body"].replace('"message":"', f'"message":"my prompt {key} ')
        }
        explanation = explain(planted)
        assert key not in json.dumps(
            [str(explanation.advice), explanation.rule, explanation.request_id]
        )
