"""The page in a real browser: it renders alone, counts what the log says, and can be used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from halley.cli.report.screen import CHANGED, duration, seconds, share, shown
from halley.records.report.figures import Report
from halley.records.report.load import DETAILS, loaded
from halley.records.report.page import page as render
from halley.records.report.query import report
from halley.records.report.select import Selection, narrow
from halley.records.report.support import utc
from tests.browser import Page, chromium
from tests.records.report import oracle
from tests.records.report.test_load import RETRY
from tests.records.report.test_page import HOSTILE

WIDTHS = (380, 768, 1600)
NONE = "–"
EVERYTHING = Selection()
CONTRAST_MIN = 4.5
"""WCAG 2.2, 1.4.3, level AA."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def file(day, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    with loaded([str(day[0])], DETAILS) as log:
        path.write_text(render(log), "utf-8")
    return path


@pytest.fixture
def shown_page(browser: Page, file: Path) -> Page:
    browser.open(file)
    return browser


def counted(day, selection: Selection = EVERYTHING) -> Report:
    """What the terminal says of the same log."""
    with loaded([str(day[0])]) as log:
        narrow(log, selection)
        return report(log)


def number(text: str) -> float:
    return float(text.replace(",", ""))


def test_it_renders_alone(shown_page: Page):
    """From a file, without a network, a complaint, or a thing fetched."""
    assert shown_page.complaints() == []
    assert shown_page.js("performance.getEntriesByType('resource').length") == 0
    assert shown_page.js("document.querySelectorAll('canvas').length") == 4
    assert shown_page.text("h1") == "halley report"


def test_the_network_is_forbidden_by_the_page_itself(shown_page: Page):
    """Whatever a script would try."""
    refused = shown_page.driver.execute_async_script(
        "const done = arguments[0];"
        "document.addEventListener('securitypolicyviolation', (e) => done(e.violatedDirective));"
        "fetch('http://127.0.0.1:9/').catch(() => {});"
    )
    assert refused == "connect-src"


def test_the_totals_are_the_logs(shown_page: Page, day):
    """Counted here by the plainest code."""
    expected = oracle.totals(day[1])
    shown = dict(
        zip(
            shown_page.js("[...document.querySelectorAll('dt')].map((e) => e.innerText)"),
            shown_page.js(
                "[...document.querySelectorAll('dd > :first-child')].map((e) => e.innerText)"
            ),
            strict=True,
        )
    )
    assert number(shown["Answered"]) == expected["answered"]
    assert number(shown["Given up"]) == expected["given_up"]
    assert number(shown["Recovered"]) == expected["recovered"]
    assert shown["Attempts a call"] == f"{expected['attempts'] / expected['calls']:.3f}"
    assert shown["Waited"] == duration(sum(record["wait_s"] for record in day[1]))
    assert shown_page.text("#status").startswith("3,000 of 3,000 calls")


def test_every_table_says_what_the_terminal_says(shown_page: Page, day):
    """The page counts in the browser, the terminal in DuckDB; both agree on every row."""
    said = counted(day)
    by_first = {tuple(row[:1]): row for row in shown_page.rows("failing")}
    assert len(by_first) == len(said.failing)
    for row in said.failing:
        cells = by_first[f"{row.kind}\n{row.action}".replace("_", " "),]
        assert [number(cell) for cell in cells[1:4]] == [
            row.calls_met,
            row.given_up,
            row.recovered,
        ]
        assert cells[4] == utc(row.last_ms)[11:19]
    assert {tuple(row) for row in shown_page.rows("decisions")} == {
        (
            row.kind.replace("_", " "),
            row.model,
            row.key or NONE,
            row.action,
            f"{row.attempts:,}",
            share(row.share),
        )
        for row in said.decisions
    }
    assert shown_page.rows("streams") == [
        [row.stream, f"{row.attempts:,}", share(row.share)] for row in said.streams
    ]
    assert [[number(cell) for cell in row[1:3]] for row in shown_page.rows("waste")] == [
        [row.attempts, row.calls_met] for row in said.waste
    ]
    assert [row[:3] for row in shown_page.rows("stopped")] == [
        [row.stop_reason.replace("_", " "), f"{row.calls_met:,}", share(row.share)]
        for row in said.stopped
    ]
    assert [row[1:] for row in shown_page.rows("waits")] == [
        [f"{row.waits:,}", duration(row.total_s), *map(seconds, (row.p50_s, row.p95_s, row.max_s))]
        for row in said.waits
    ]
    assert shown_page.rows("latency") == [
        [
            row.model,
            f"{row.answered:,}",
            *map(seconds, (row.p50_s, row.p95_s, row.p99_s)),
            *map(seconds, (row.call_p50_s, row.call_p95_s, row.call_p99_s)),
            *(seconds(value).replace("-", NONE) for value in (row.first_p50_s, row.first_p95_s)),
        ]
        for row in said.latency
    ]
    assert [row[0] for row in shown_page.rows("changes")] == [
        CHANGED.get(row.what) or f"{row.what} {row.name}" for row in said.changes
    ]
    assert [[number_or(cell) for cell in row[1:]] for row in shown_page.rows("changes")] == [
        [number_or(shown(row, row.before)), number_or(shown(row, row.after))]
        for row in said.changes
    ]


def number_or(text: str) -> float | str:
    """A number whatever its unit and its zeros: 1.02 is 1.020."""
    found = re.match(r"[\d.,]+", text)
    return number(found[0]) if found else text


@pytest.mark.parametrize(
    "chosen",
    [
        {"model": "claude-sonnet-4-5"},
        {"kind": "rate_limit"},
        {"key": ""},
        {"kind": "rate_limit", "key": "batch"},
        {"kind": "overloaded", "model": "claude-sonnet-4-5", "key": "main"},
    ],
    ids=str,
)
def test_filters_count_again(shown_page: Page, day, chosen: dict[str, str]):
    """As `--model`, `--kind` and `--key` do."""
    for control, value in chosen.items():
        text = value.replace("_", " ") if control == "kind" else value
        shown_page.choose(control, text or "none")
    said = counted(day, Selection(conditions=chosen))
    assert shown_page.text("#status").startswith(f"{said.totals.calls:,} of 3,000 calls")
    assert len(shown_page.rows("failing")) == len(said.failing)
    assert sum(number(row[2]) for row in shown_page.rows("failing")) == sum(
        row.given_up for row in said.failing
    )
    assert sum(number(row[1]) for row in shown_page.rows("latency")) == said.totals.answered
    shown_page.find("#reset").click()
    assert shown_page.text("#status").startswith("3,000 of 3,000 calls")


def test_a_span_of_time_counts_again(shown_page: Page, day):
    """As `--since` and `--until` do; what is no time is refused where it stands."""
    for control, text in (("from", "2026-11-23 10:30:00"), ("to", "2026-11-23 11:00")):
        entry = shown_page.find(f"#{control}")
        entry.clear()
        entry.send_keys(text, "\t")
    since, until = (
        round(datetime(2026, 11, 23, *time, tzinfo=UTC).timestamp() * 1000)
        for time in ((10, 30), (11, 0))
    )
    said = counted(day, Selection(since, until))
    assert shown_page.text("#status").startswith(f"{said.totals.calls:,} of 3,000 calls")
    entry = shown_page.find("#from")
    entry.clear()
    entry.send_keys("noon", "\t")
    assert "Expected a time such as" in shown_page.js(
        "document.querySelector('#from').validationMessage"
    )
    assert shown_page.text("#status").startswith(f"{said.totals.calls:,} of 3,000 calls")


def test_dragging_across_a_chart_selects_its_time(shown_page: Page):
    """The middle third of it leaves about a third of the calls."""
    from selenium.webdriver import ActionChains  # noqa: PLC0415

    over = shown_page.find("#chart-goodput .u-over")
    third = over.size["width"] // 3
    shown_page.js("arguments[0].scrollIntoView()", over)
    drag = ActionChains(shown_page.driver).move_to_element_with_offset(over, -third // 2, 0)
    drag.click_and_hold().move_by_offset(third, 0).release().perform()
    calls = number(shown_page.text("#status").split()[0])
    assert 800 < calls < 1200
    assert shown_page.find("#from").get_attribute("value") > "2026-11-23 09:30"


def test_a_filter_that_fits_nothing_says_so(shown_page: Page):
    """And the way back stays."""
    shown_page.choose("model", "gpt-5-minni")
    shown_page.choose("kind", "rate limit")
    assert shown_page.text("#status") == "No call fits."
    assert not shown_page.find("#report").is_displayed()
    shown_page.find("#reset").click()
    assert shown_page.find("#report").is_displayed()


def test_every_number_leads_to_as_many_calls(shown_page: Page):
    """A click lists them; so it says, and so they are."""
    shown_page.rows("decisions")
    buttons = shown_page.driver.find_elements("css selector", "#failing .n, #stopped .n, #waste .n")
    assert len(buttons) > 15
    for button in buttons:
        shown_page.js("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()
        assert shown_page.text("#calls-count").startswith(f"{button.text} calls")


def test_calls_show_their_attempts_and_ids(shown_page: Page, day):
    """A click unfolds the chain of decisions of one call."""
    shown_page.choose("kind", "overloaded")
    shown_page.find("#totals .bad .n").click()
    call = oracle_call(day)
    row = next(
        row
        for row in shown_page.driver.find_elements("css selector", "#calls tbody tr")
        if utc(oracle.sent_ms(call[0]))[:19] in row.text
    )
    row.find_element("css selector", "summary").click()
    assert f"call {call[0]['call_id']}" in row.text
    for record in call:
        assert record["request_id"] in row.text
        assert record["rule"] in row.text
    assert "stopped: attempts" in row.text


def oracle_call(day) -> oracle.Call:
    """A call that met an overload until it was given up."""
    calls = [call for call in oracle.calls_of(day[1]) if call[-1]["kind"] == "overloaded"]
    return max((call for call in calls if len(call) == 5), key=lambda call: call[0]["ts"])


def test_more_calls_come_on_demand(shown_page: Page):
    """Fifty at first, so that a large log opens at once."""
    rows = "document.querySelectorAll('#calls tbody tr').length"
    assert shown_page.js(rows) == 50
    shown_page.find("#calls-more").click()
    assert shown_page.js(rows) == 200


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(browser: Page, file: Path, width: int, *, dark: bool):
    """From a small telephone to a wide screen; what must be wide scrolls in a place of its own."""
    browser.open(file, width=width, dark=dark)
    browser.rows("decisions")
    assert browser.js("document.documentElement.scrollWidth") <= width
    assert browser.js("[...document.querySelectorAll('canvas')].every((c) => c.clientWidth > 250)")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_is_readable_in_both_themes(browser: Page, file: Path, *, dark: bool):
    """Every colour of text against what is behind it."""
    browser.open(file, dark=dark)
    background = browser.js("getComputedStyle(document.body).backgroundColor")
    assert (luminance(background) < 0.1) == dark
    pairs = browser.js(COLOURS)
    assert len(pairs) > 6
    for front, back in pairs:
        assert contrast(front, back) >= CONTRAST_MIN, (front, back)


COLOURS = """(() => {
  const seen = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility()) continue;
    let behind = element;
    while (behind && getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") {
      behind = behind.parentElement;
    }
    const back = getComputedStyle(behind ?? document.body).backgroundColor;
    seen.add(JSON.stringify([getComputedStyle(element).color, back]));
  }
  return [...seen].map((pair) => JSON.parse(pair));
})()"""


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_it_can_be_used_without_a_mouse(shown_page: Page):
    """Tab reaches every control in order, Enter lists the calls of a number and goes there."""
    from selenium.webdriver import ActionChains  # noqa: PLC0415
    from selenium.webdriver.common.keys import Keys  # noqa: PLC0415

    reached = []
    for _ in range(7):
        ActionChains(shown_page.driver).send_keys(Keys.TAB).perform()
        reached.append(
            shown_page.js("document.activeElement.id || document.activeElement.className")
        )
    assert reached == ["model", "kind", "key", "from", "to", "reset", "n"]
    ActionChains(shown_page.driver).send_keys(Keys.ENTER).perform()
    assert shown_page.js("document.activeElement.id") == "calls-title"
    assert shown_page.text("#calls-count") == "2,885 calls--calls outcome=answered"


def test_it_makes_sense_to_a_screen_reader(shown_page: Page):
    """Every control, chart and scrolled table has a name; every table has headings."""
    tree = shown_page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = {"button", "combobox", "textbox", "image", "region", "form"}
    nodes = [node for node in tree if node.get("role", {}).get("value") in named]
    assert len(nodes) > 60
    assert [node for node in nodes if not node.get("name", {}).get("value")] == []
    assert shown_page.js(
        "document.querySelectorAll('table:not(.u-legend)').length"
    ) == shown_page.js("document.querySelectorAll('thead:has(th[scope=col])').length")
    assert "from " in shown_page.find("#chart-goodput").get_attribute("aria-label")


def test_a_hostile_log_is_shown_and_does_nothing(browser: Page, read, tmp_path: Path):
    """Whatever is in it is text."""
    names = ("model", "key", "kind", "action", "rule", "stream", "request_id", "call_id")
    records = [
        {**RETRY, **dict.fromkeys(names, HOSTILE), "stop_reason": "final"},
        {**RETRY, **dict.fromkeys(names, "__proto__"), "stop_reason": "final"},
    ]
    path = tmp_path / "hostile.html"
    path.write_text(render(read(*records)), "utf-8")
    browser.open(path)
    for summary in browser.driver.find_elements("css selector", "#calls summary"):
        summary.click()
    assert browser.complaints() == []
    assert browser.driver.title == "halley report"
    assert browser.js("document.images.length") == 0
    assert HOSTILE in browser.text("#calls")
    browser.choose("model", HOSTILE)
    assert browser.text("#status").startswith("1 of 2 calls")
    browser.find("#reset").click()
    assert {HOSTILE.replace("_", " "), "proto"} == {
        row[0].split("\n")[0].strip() for row in browser.rows("failing")
    }
    assert "proto" in browser.text("#chart-kinds")
