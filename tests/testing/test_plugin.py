"""The fixtures as a user's own test run finds them."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from halley import testing

INSTALLED = any(found.value == "halley.testing.plugin" for found in entry_points(group="pytest11"))
LOAD = () if INSTALLED else ("-p", "halley.testing.plugin")


def test_the_fixtures_work_in_a_run_of_their_own(pytester: pytest.Pytester):
    """No-wait mode, a simulator on a socket, a scripted upstream; nothing else to set up."""
    pytester.makepyfile(
        """
        import time
        import halley
        from halley.testing import fail, ok, upstream

        KEY = {"authorization": "Bearer sk-" + "a" * 32}
        ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}

        def test_over_a_socket(halley_no_wait, halley_simulator):
            server = halley_simulator(fail(503, retry_after=20), ok())
            started = time.monotonic()
            with halley.Client() as client:
                response = client.post(f"{server.base_url}/chat/completions", json=ASK, headers=KEY)
            assert response.status_code == 200
            assert [round(wait) in (20, 21) for wait in halley_no_wait.waits] == [True]
            assert time.monotonic() - started < 5
            assert server.ledger

        def test_two_servers(halley_simulator):
            assert halley_simulator().port != halley_simulator(fail(500)).port

        def test_without_a_socket(halley_no_wait):
            world = upstream(fail(429, retry_after=2), ok())
            with halley.Client(transport=world.transport) as client:
                response = client.post("https://a.test/v1/chat/completions", json=ASK, headers=KEY)
                assert response.is_success
            assert len(halley_no_wait.waits) >= 1

        def test_waits_are_real_without_the_fixture():
            from halley.drivers.clock import Clock
            started = time.monotonic()
            Clock().sleep(0.01)
            assert time.monotonic() - started >= 0.01
        """
    )
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", *LOAD)
    result.assert_outcomes(passed=4)


def test_loading_it_imports_nothing_of_weight(pytester: pytest.Pytester):
    """Pytest loads it at every start, also where halley is not used."""
    pytester.makepyfile(
        """
        import sys

        def test_it():
            heavy = ("httpx", "httpx2", "openai", "halley.simulator", "halley.drivers", "asyncio")
            assert [name for name in heavy if name in sys.modules] == []
        """
    )
    plugins = ("-p", "no:anyio", "-p", "no:hypothesispytest", "-p", "no:asyncio")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *plugins, *LOAD)
    result.assert_outcomes(passed=1)


def test_the_fixtures_explain_themselves(pytester: pytest.Pytester):
    """`pytest --fixtures` lists them with a sentence."""
    result = pytester.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider", *LOAD)
    result.stdout.fnmatch_lines_random(["halley_no_wait*", "halley_simulator*"])


def test_every_helper_is_there_when_asked_for():
    """Loaded one by one, none hidden by a module of the same name; others are attribute errors."""
    assert sorted(testing.__all__) == sorted(testing._HOMES)
    for name in testing.__all__:
        assert callable(getattr(testing, name))
    with pytest.raises(AttributeError, match=r"halley\.testing.*'nothing'"):
        testing.nothing  # noqa: B018
