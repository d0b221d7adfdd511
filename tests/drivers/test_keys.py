"""Keys from their sources: read, checked, read again, and never shown."""

from __future__ import annotations

import os
import threading
import traceback

import pytest

from halley.core.credentials import Key
from halley.core.errors import PolicyError
from halley.core.secret import Secret
from halley.drivers.keys import Keys, read

TEXT = "sk-made-up-" + "0123456789" * 3


def test_from_the_environment(monkeypatch):
    monkeypatch.setenv("SOME_KEY", f" {TEXT}\n")
    assert read(Key(alias="a", env="SOME_KEY"), "keys[0]").reveal() == TEXT


def test_from_a_file_of_its_owners(tmp_path):
    path = tmp_path / "key"
    path.write_text(f"{TEXT}\n")
    path.chmod(0o600)
    assert read(Key(alias="a", file=str(path)), "keys[0]").reveal() == TEXT


def test_from_a_callable_as_text_or_secret():
    for found in (TEXT, Secret(TEXT)):
        assert read(Key(alias="a", load=lambda found=found: found), "keys[0]").reveal() == TEXT


@pytest.mark.skipif(os.name != "posix", reason="permissions of this kind are POSIX's")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "key"
    path.write_text(TEXT)
    path.chmod(mode)
    message = rf"^keys\[0\].file: {path}: expected mode 0600, found {mode:04o}, others can read it"
    with pytest.raises(PolicyError, match=message):
        read(Key(alias="a", file=str(path)), "keys[0]")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (Key(alias="a", env="NOT_SET_ANYWHERE"), r"keys\[0\].env: NOT_SET_ANYWHERE is not set"),
        (
            Key(alias="a", file="/no/such/file"),
            r"keys\[0\].file: /no/such/file: cannot be read",
        ),
        (Key(alias="a", file=TEXT), r"keys\[0\].file: the path named: cannot be read"),
        (Key(alias="a", load=lambda: ""), r"keys\[0\].load: expected a key, found nothing"),
        (Key(alias="a", load=lambda: 1), r"keys\[0\].load: expected a text, got int"),
        (Key(alias="a", load=lambda: TEXT + "\nx"), r"keys\[0\].load: expected one line of printa"),
        (Key(alias="a", load=lambda: TEXT + "é"), r"keys\[0\].load: expected one line of printabl"),
        (Key(alias="a", load=lambda: 1 / 0), r"keys\[0\].load: raised ZeroDivisionError"),
    ],
)
def test_what_is_no_key_is_one_line_without_it(key, message):
    with pytest.raises(PolicyError, match=f"^{message}") as caught:
        read(key, "keys[0]")
    assert TEXT not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        Key(alias="a", env="SOME_KEY"),
        Key(alias="a", load=lambda: f"{TEXT}\nx"),
        Key(alias="a", load=lambda: Secret(f"{TEXT}\nx")),
        Key(alias="a", load=TEXT.encode),
        Key(alias="a", secret=Secret(f"{TEXT}\nx")),
    ],
)
def test_a_traceback_with_locals_of_what_is_no_key_does_not_show_it(key, monkeypatch):
    """A key with something behind it is no key, and a secret all the same."""
    monkeypatch.setenv("SOME_KEY", f"{TEXT}\nx")
    with pytest.raises(PolicyError) as caught:
        read(key, "keys[0]")
    told = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    assert TEXT not in told


@pytest.mark.parametrize("name", ["~nobody-of-this-name/key", "a\0b"])
def test_a_path_that_can_be_none_is_a_mistake_like_others(name):
    with pytest.raises(PolicyError, match=r"^keys\[0\].file: .*: expected the path of a file$"):
        read(Key(alias="a", file=name), "keys[0]")


def test_a_load_gives_what_is_there_now(monkeypatch):
    monkeypatch.setenv("SOME_KEY", TEXT)
    keys = Keys((Key(alias="a", env="SOME_KEY"),))
    before = keys.credentials()
    monkeypatch.setenv("SOME_KEY", TEXT[::-1])
    loaded = keys.load(0)
    assert loaded.generation == 1
    assert loaded.credentials != before
    assert keys.secret("a").reveal() == TEXT[::-1]


def test_a_source_that_fails_keeps_its_key_and_says_so(monkeypatch, caplog):
    monkeypatch.setenv("SOME_KEY", TEXT)
    keys = Keys((Key(alias="main", env="SOME_KEY"),))
    monkeypatch.delenv("SOME_KEY")
    loaded = keys.load(0)
    assert loaded.credentials == keys.credentials()
    assert keys.secret("main").reveal() == TEXT
    assert "key main stays as it was: keys[0].env: SOME_KEY is not set" in caplog.text


def test_calls_that_load_at_once_read_their_sources_once():
    """The second finds a newer generation and takes it."""
    gate, reads = threading.Barrier(4), []
    keys = Keys((Key(alias="a", load=lambda: reads.append(1) or TEXT),))

    def load():
        gate.wait()
        assert keys.load(0).generation == 1

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 2, "once when made, once by whoever came first"


def test_nothing_shows_a_key():
    keys = Keys((Key(alias="a", secret=Secret(TEXT)),))
    shown = f"{keys!r} {keys} {keys.credentials()} {keys._specs} {keys._secrets}"
    assert TEXT not in shown
    assert "a" in repr(keys)
