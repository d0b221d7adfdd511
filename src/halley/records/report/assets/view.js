// The sections of the page, each a function from figures to elements. A number is a button that lists
// the calls behind it.

const MEANING = {
  ambiguous: "Sent, and nobody knows whether it was accepted. Look before you buy again.",
  hopeless: "No repeat helps: the request, model, key or account must change first.",
  thrown_away: "Answered in part or unusably, and thrown away. It may have been billed.",
};
const STOPS = {
  final: "No repeat helps, or it could do harm.",
  attempts: "Every attempt that the policy allows was made.",
  budget: "Too many calls were being sent again: the retry budget was used up.",
  breaker: "The target had failed in a row: nothing was sent.",
  queue: "Too many calls waited for a permit already.",
  deadline: "The next attempt did not fit before the deadline.",
  server_wait: "The server asked for a longer wait than the policy allows.",
  committed: "Part of the answer had reached the program.",
  not_replayable: "The body could not be sent a second time.",
};
const WASTES = { ambiguous: "ambiguous", hopeless: "could not succeed", thrown_away: "thrown away" };
const CHANGED = {
  failed: "calls given up",
  amplification: "attempts a call",
  offered: "calls a second",
  call_p95: "95 % of calls within",
};
const BROKEN = new Set(["interrupted", "stalled", "failed"]);
const ROWS_MAX = 10;
const expanded = new Set();

const text = (value, className = "") => el("span", { textContent: value ?? NONE, className });

// A number that leads to its calls; zero leads nowhere.
function number(value, pick, label, write = whole) {
  if (value === 0) return text(write(value), "zero");
  return el("button", {
    type: "button", className: "n", textContent: write(value),
    "data-pick": JSON.stringify(pick), "aria-label": `${write(value)} ${label}: list the calls`,
  });
}

// Put a table into a section, or hide the section where there is nothing to say. A heading is a pair
// of its text and its class: "r" for numbers, "wide" for sentences.
function grid(id, headings, rows, { cards = false } = {}) {
  const place = document.getElementById(id);
  const home = place.closest("section");
  home.hidden = rows.length === 0;
  const shown = expanded.has(id) ? rows : rows.slice(0, ROWS_MAX);
  const row = (cells) => el("tr", {}, ...cells.map((cell, at) => el(at ? "td" : "th", {
    className: headings[at][1] ?? "", "data-title": headings[at][0], ...(at ? {} : { scope: "row" }),
  }, cell)));
  const head = headings.map(([title, kind]) => el("th", { scope: "col", textContent: title, className: kind ?? "" }));
  const made = el("table", { className: cards ? "cards" : "" },
    el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...shown.map(row)));
  const rest = rows.length - shown.length;
  const all = el("button", { type: "button", className: "more", textContent: `${whole(rest)} more rows` });
  all.addEventListener("click", () => { expanded.add(id); grid(id, headings, rows, { cards }); });
  place.replaceChildren(made, ...(rest > 0 ? [all] : []));
}

function showTotals({ totals }) {
  const of = (count) => share(count / totals.calls);
  const figure = (name, value, note, state = "") => el("div", { className: `figure ${state}` },
    el("dt", { textContent: name }), el("dd", {}, value, el("small", { textContent: note })));
  const amplification = totals.attempts / totals.calls;
  fill("totals",
    figure("Answered", number(totals.answered, { outcome: "answered" }, "answered"),
      `${of(totals.answered)} of ${whole(totals.calls)} calls`, totals.given_up ? "" : "good"),
    figure("Given up", number(totals.given_up, { outcome: "given_up" }, "given up"),
      of(totals.given_up), totals.given_up ? "bad" : ""),
    figure("Recovered", number(totals.recovered, { outcome: "answered", retried: "true" }, "recovered"),
      "answered after a failure"),
    figure("Goodput", text(rate(totals.answered / totals.span_s)),
      `of ${rate(totals.calls / totals.span_s)} calls/s offered`),
    figure("Attempts a call", number(amplification, { retried: "true" }, "attempts a call", (v) => fixed(v, 3)),
      `healthy up to ${HEALTHY}`, amplification > HEALTHY ? "warn" : "good"),
    figure("Waited", text(duration(totals.wait_s)), `${duration(totals.wait_s / totals.calls)} a call`),
    totals.cancelled + totals.unfinished === 0 ? null : figure("Left open",
      number(totals.cancelled, { outcome: "cancelled" }, "cancelled"), `cancelled; ${whole(totals.unfinished)} without an end in the log`));
}

function showFailing({ failing, totals }, advice) {
  grid("failing", [["what failed"], ["calls", "r"], ["given up", "r"], ["recovered", "r"], ["last, UTC", "r"], ["what to do", "wide"]],
    failing.map((row) => {
      const pick = { kind: row.kind ?? "", action: row.action };
      const name = row.kind === null ? "no permit" : spoken(row.kind);
      return [
        el("span", { className: row.given_up ? "bad" : "" }, name, el("small", { textContent: spoken(row.action) })),
        number(row.met.size, pick, `calls met ${name}`),
        number(row.given_up, { outcome: "given_up", last_kind: pick.kind, last_action: pick.action }, `given up with ${name}`),
        number(row.recovered.size, { ...pick, outcome: "answered" }, `recovered from ${name}`),
        text(totals.span_s < 86400 ? clock(row.last) : stamp(row.last).slice(5)),
        text(advice[`${row.kind ?? ""} ${row.action}`]),
      ];
    }), { cards: true });
}

function showStopped({ stopped }) {
  grid("stopped", [["reason"], ["given up", "r"], ["of all given up", "r"], ["which means", "wide"]], stopped.map((row) => [
    text(row.reason === null ? NONE : spoken(row.reason)),
    number(row.calls, { outcome: "given_up", last_stop_reason: row.reason ?? "" }, `given up: ${row.reason}`),
    bar(row.share), text(STOPS[row.reason] ?? ""),
  ]), { cards: true });
}

function showChanges({ changes }) {
  const write = (row, value) => {
    if (value === null) return "new";
    if (row.what === "call_p95") return seconds(value);
    return row.what in { amplification: 0, offered: 0 } ? rate(value) : share(value);
  };
  fill("changes-since", `The last fifth of the log, since ${clock(changes.split)}, against what was before it.`);
  grid("changes", [["figure"], ["before", "r"], ["after", "r"]], changes.rows.map((row) => [
    text(CHANGED[row.what] ?? `${row.what} ${row.name}`, row.before === null ? "bad" : ""),
    text(write(row, row.before)),
    number(row.after, { ...row.pick, since: changes.split }, `${row.what} ${row.name}`, (value) => write(row, value)),
  ]));
}

function showDecisions({ decisions }) {
  grid("decisions", [["kind"], ["model"], ["key"], ["decision"], ["attempts", "r"], ["of their attempts", "r"]],
    decisions.map((row) => [
      text(spoken(row.kind ?? NONE)), text(row.model), text(row.key), text(row.action),
      number(row.attempts, { kind: row.kind ?? "", model: row.model ?? "", key: row.key ?? "", action: row.action }, `${row.kind} on ${row.model}`),
      bar(row.share),
    ]), { cards: true });
}

function bar(value) {
  const filled = el("i", { className: "bar" });
  filled.style.setProperty("--share", value);
  return el("span", { className: "barred" }, filled, text(share(value)));
}

function showWaste({ waste }) {
  grid("waste", [["what"], ["attempts", "r"], ["calls", "r"], ["which means", "wide"]], waste.map((row) => {
    const pick = row.what === "ambiguous" ? { ambiguous: "true" } : { waste: row.what };
    return [
      text(WASTES[row.what] ?? row.what, row.what === "ambiguous" ? "bad" : ""), text(whole(row.attempts)),
      number(row.met.size, pick, `calls ${spoken(row.what)}`), text(MEANING[row.what] ?? ""),
    ];
  }), { cards: true });
}

function showStreams({ streams }) {
  grid("streams", [["ended"], ["streams", "r"], ["share", "r"]], streams.map((row) => [
    text(row.stream, BROKEN.has(row.stream) ? "bad" : ""),
    number(row.attempts, { stream: row.stream }, `streams ${row.stream}`), bar(row.share),
  ]));
}

function showLatency({ latency }) {
  grid("latency", [["model"], ["answered", "r"], ["p50", "r"], ["p95", "r"], ["p99", "r"], ["call p50", "r"], ["call p95", "r"],
    ["call p99", "r"], ["first p50", "r"], ["first p95", "r"]], latency.map((row) => [
    text(row.model), number(row.answered, { model: row.model ?? "", action: "ok" }, `answers of ${row.model}`),
    ...[...row.attempt, ...row.call, ...row.first].map((value) => text(seconds(value))),
  ]), { cards: true });
}

function showWaits({ waits }) {
  grid("waits", [["after"], ["waits", "r"], ["together", "r"], ["p50", "r"], ["p95", "r"], ["longest", "r"]], waits.map((row) => [
    text(row.kind === null ? "for a permit" : spoken(row.kind)),
    row.kind === null ? text(whole(row.waits)) : number(row.waits, { kind: row.kind }, `waits after ${row.kind}`),
    text(duration(row.total_s)), ...[row.p50, row.p95, row.max].map((value) => text(seconds(value))),
  ]), { cards: true });
}

// The table of calls, latest first, each with its chain of attempts to unfold.
function showCalls(log, calls, limit) {
  const shown = calls.slice(-limit).reverse();
  fill("calls", el("table", { className: "cards" },
    el("thead", {}, el("tr", {}, ...["began, UTC", "outcome", "model", "key", "took", "attempts"].map((title) =>
      el("th", { scope: "col", textContent: title })))),
    el("tbody", {}, ...shown.map((call) => callRow(log, call)))));
  document.getElementById("calls-more").hidden = shown.length === calls.length;
}

function callRow(log, call) {
  const last = log.last(call);
  const outcome = log.outcome(call);
  const cells = {
    "began, UTC": text(stamp(log.started[call])),
    outcome: text(spoken(outcome), outcome === "answered" ? "" : "bad"),
    model: text(log.word("model", last)),
    key: text(log.word("key", last)),
    took: text(seconds((log.ended[call] - log.started[call]) / 1000)),
    attempts: chain(log, call),
  };
  return el("tr", {}, ...Object.entries(cells).map(([title, cell]) => el("td", { "data-title": title, className: title === "attempts" ? "wide" : "" }, cell)));
}

function chain(log, call) {
  const ids = log.ids.get(call);
  const attempts = Array.from({ length: log.first[call + 1] - log.first[call] }, (_, n) => log.first[call] + n);
  const told = attempts.map((at, n) => el("li", {},
    `${clock(log.sent[at])} ${seen(log, at)} → ${decided(log, at)}`,
    ids?.request_ids[n] ? el("code", { textContent: ids.request_ids[n] }) : null));
  return el("details", {},
    el("summary", {}, ...attempts.map((at) => text(seen(log, at), log.word("action", at) === "ok" ? "chip" : "chip failed"))),
    el("ol", {}, ...told),
    ids ? el("p", {}, "call ", el("code", { textContent: ids.call_id })) : el("p", { textContent: "The ids of this call are not in the page." }));
}

function seen(log, at) {
  const met = log.attempts.status[at] ?? log.word("fault", at);
  const kind = log.word("kind", at);
  return [met, kind === null ? null : spoken(kind)].filter((part) => part !== null).join(" ") || "not sent";
}

function decided(log, at) {
  const wait = log.attempts.wait[at];
  const rule = log.word("rule", at);
  const stop = log.word("stop_reason", at);
  return log.word("action", at) + (wait ? ` in ${seconds(wait / 1000)}` : "")
    + (rule === null ? "" : ` by ${rule}`) + (stop === null ? "" : `, stopped: ${spoken(stop)}`);
}
