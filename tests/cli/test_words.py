"""The words for a person: complete in both languages, and right in number and case."""

import pytest

from halley.cli.words import ACTIONS, KINDS, LABELS, ORIGINS, SCOPES, about, wait
from halley.core.model import Action, Kind, Origin, Scope


@pytest.mark.parametrize(
    ("table", "names"), [(KINDS, Kind), (ACTIONS, Action), (ORIGINS, Origin), (SCOPES, Scope)]
)
def test_every_name_has_words_in_both_languages(table, names):
    """A name added to the closed sets must get its words here."""
    assert set(table) == set(names)
    assert all(english and vietnamese for english, vietnamese in table.values())
    assert len({english for english, _ in table.values()}) == len(table)
    assert len({vietnamese for _, vietnamese in table.values()}) == len(table)


def test_the_labels_are_the_same_in_both_languages():
    """Each label of one language exists in the other."""
    assert LABELS["en"].keys() == LABELS["vi"].keys()


@pytest.mark.parametrize(
    ("seconds", "retryable", "english"),
    [
        (20.0, True, "at least 20 s, as the server asks"),
        (0.644, True, "at least 0.644 s, as the server asks"),
        (0.0, True, "backoff: 1, 2, 4, 8 s, each up to 1 s longer"),
        (0.0, False, "none: waiting does not help"),
        (20.0, False, "none: waiting does not help"),
    ],
)
def test_the_wait_in_words(seconds, retryable, english):
    """The server's wait, else the documented backoff; no wait where none helps."""
    assert wait(seconds, "en", retryable=retryable) == english


def test_who_and_about_what():
    """What is not known is left out."""
    assert about(Origin.GATEWAY, Scope.KEY, "en") == "the gateway, about the key"
    assert about(Origin.EDGE, None, "en") == "the edge in front of the service"
    assert about(None, Scope.MODEL, "vi") == "liên quan đến mô hình"
    assert about(None, None, "en") == ""
