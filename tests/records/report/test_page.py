"""The page as a file: it asks for nothing, allows nothing but itself, and holds the log as data."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from base64 import b64decode, b64encode
from typing import Any

import pytest

from halley.records.report import page as pages
from halley.records.report.load import DETAILS, loaded
from halley.records.report.page import IDS_MAX, SCRIPTS, STYLES, WORDS, page
from tests.records.report.logs import write
from tests.records.report.test_load import GOOD, RETRY

HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror=alert(1)>'


def block(html: str, pattern: str) -> str:
    (found,) = re.findall(pattern, html, re.DOTALL)
    return found


def data(html: str) -> dict[str, Any]:
    """What the page unpacks."""
    return json.loads(gzip.decompress(b64decode(block(html, r'id="data">(.*?)</script>'))))


@pytest.fixture(scope="module")
def html(day) -> str:
    with loaded([str(day[0])], DETAILS) as log:
        return page(log)


def test_the_policy_allows_this_script_and_this_style_alone(html: str):
    """By their hashes; and no connection, no form, no base, no markup out of text."""
    policy = block(html, r'Content-Security-Policy" content="(.*?)"')
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    for name, pattern in (
        ("script-src", r"<script>(.*?)</script>"),
        ("style-src", r"<style>(.*?)</style>"),
    ):
        digest = hashlib.sha256(block(html, pattern).encode()).digest()
        assert directives[name] == f"'sha256-{b64encode(digest).decode()}'"
    assert directives["default-src"] == "'none'"
    assert directives["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy


def test_nothing_is_fetched(html: str):
    """No address in any attribute or style, but for an icon that is none."""
    assert re.findall(r'(?:src|href|action|data|poster)="([^"]*)"', html) == ["data:,"]
    assert not re.findall(r"url\(|@import|fetch\(|XMLHttpRequest|WebSocket|sendBeacon", html)


def test_our_scripts_make_no_markup_out_of_text():
    """Text becomes text nodes; the policy forbids the rest, and we do not try."""
    for name in SCRIPTS:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(", pages._asset(name)
        )


def test_the_licence_of_uplot_goes_with_it(html: str):
    """As MIT asks."""
    assert "Copyright (c) 2022 Leon Sorokin" in html
    assert "Permission is hereby granted" in html


def test_a_hostile_log_stays_data(read):
    """Nothing of it can end a tag, wherever in a record it stands."""
    names = ("model", "key", "kind", "action", "rule", "stream", "request_id", "call_id", "fault")
    html = page(read({**RETRY, **dict.fromkeys(names, HOSTILE)}))
    assert "owned" not in html
    assert html.count("<script") == 2
    assert data(html)["words"]["model"] == [HOSTILE]


def test_every_record_is_in_it(html: str, day):
    """As columns: calls by the time they began, the attempts of each side by side."""
    held = data(html)
    records = day[1]
    assert {len(column) for column in held["attempts"].values()} == {len(records)}
    assert sum(held["calls"]["size"]) == len(records)
    assert all(gap >= 0 for gap in held["calls"]["gap"])
    for name in WORDS[:3]:
        assert set(held["words"][name]) == {record[name] for record in records} - {None}
    waits = sorted(wait for wait in held["attempts"]["wait"] if wait)
    assert waits == sorted(round(record["wait_s"] * 1000) for record in records if record["wait_s"])


def test_ids_are_there_for_the_calls_that_went_wrong_first(tmp_path):
    """And the page says where they are missing; error bodies never are in it."""
    records = write(tmp_path / "app.jsonl", calls=IDS_MAX + 500)
    with loaded([str(tmp_path / "app.jsonl")], DETAILS) as log:
        html = page(log)
        wrong = {
            call for (call,) in log.rows("SELECT call_id FROM calls WHERE outcome <> 'answered'")
        }
    ids = data(html)["ids"]
    assert len(ids["call_id"]) == IDS_MAX
    assert wrong <= set(ids["call_id"])
    assert ids["call"] == sorted(ids["call"])
    by_attempt = {(one["call_id"], one["attempt"]): one["request_id"] for one in records}
    for call_id, requests in zip(ids["call_id"], ids["request_ids"], strict=True):
        assert requests == [by_attempt[call_id, n] for n in range(1, len(requests) + 1)]
    assert "user quota is not enough" not in json.dumps(data(html))


def test_what_could_not_be_read_is_said(read):
    """On the page as well."""
    notes = data(page(read(GOOD, "junk")))["notes"]
    assert notes[0] == "1 record of 1 log"
    assert notes[1].startswith("1 line passed over, no record: ")
    assert notes[1].endswith(":2")


def test_the_size_is_sane(html: str, day):
    """The page itself, and a tenth of what the log takes."""
    assert len(html) < 200_000 + 60 * len(day[1])
    assert all(pages._asset(name) for name in (*SCRIPTS, *STYLES))
