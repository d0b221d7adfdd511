"""A secret shows nothing, and is still a key."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from halley.core.secret import Secret

KEY = "sk-made-up-" + "0123456789abcdef" * 2


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r}".format, ascii])
def test_nothing_that_shows_a_secret_shows_its_text(show):
    assert KEY not in show(Secret(KEY))


def test_it_is_not_pickled():
    with pytest.raises(TypeError, match="alias"):
        pickle.dumps(Secret(KEY))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_itself(copied):
    """What holds one can be copied, a policy with keys among it."""
    secret = Secret(KEY)
    assert copied([secret])[0] is secret
    assert copied(secret) is secret


def test_a_traceback_with_locals_does_not_show_it():
    def fails(secret: Secret) -> None:
        raise ValueError(str(secret))

    try:
        fails(Secret(KEY))
    except ValueError as error:
        lines = traceback.TracebackException.from_exception(error, capture_locals=True).format()
        inner = "".join(lines).partition("in fails")[2]
    assert KEY not in inner


def test_equal_texts_are_equal_secrets():
    assert Secret(KEY) == Secret(KEY)
    assert Secret(KEY) != Secret(KEY[::-1])
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY)}) == 1


def test_it_reveals_its_text_when_asked():
    assert Secret(KEY).reveal() == KEY
