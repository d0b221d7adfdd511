// The figures of the selected calls: the same as `query.py` and `changes.py` count, in the same words.

const SLICES_MAX = 120;
const WIDTHS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
  3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000,
];
const LAST_PART = 0.2;
const CALLS_MIN = 20;
const NEW_MIN = 3;

function figures(log, calls) {
  const totals = total(log, calls);
  return {
    totals,
    failing: failing(log, calls),
    stopped: stopped(log, calls),
    changes: changes(log, calls, totals),
    slices: slices(log, calls, totals),
    decisions: decisions(log, calls),
    waits: waits(log, calls),
    latency: latency(log, calls),
    streams: streams(log, calls),
    waste: waste(log, calls),
  };
}

// Call `visit(at, call)` for every attempt of these calls.
function eachAttempt(log, calls, visit) {
  for (const call of calls) {
    for (let at = log.first[call]; at < log.first[call + 1]; at += 1) visit(at, call);
  }
}

// A map that makes what it does not have.
function table(make) {
  const rows = new Map();
  return {
    rows,
    of: (...names) => {
      const key = JSON.stringify(names);
      if (!rows.has(key)) rows.set(key, make(...names));
      return rows.get(key);
    },
    sorted: (...by) => [...rows.values()].sort((a, b) => by.map((f) => f(b) - f(a)).find(Boolean) ?? 0),
  };
}

// Calls that are counted once, however many of their attempts come by.
function distinct() {
  let last = -1;
  return { size: 0, add(call) { if (call !== last) { this.size += 1; last = call; } } };
}

function total(log, calls) {
  const found = { calls: calls.length, attempts: 0, recovered: 0, wait_s: 0, from: Infinity, to: -Infinity };
  for (const outcome of ["answered", "given_up", "cancelled", "unfinished"]) found[outcome] = 0;
  for (const call of calls) {
    const count = sends(log, call);
    const outcome = log.outcome(call);
    found.attempts += count;
    found[outcome] += 1;
    found.recovered += Number(outcome === "answered" && count > 1);
    found.from = Math.min(found.from, log.started[call]);
    found.to = Math.max(found.to, log.ended[call]);
  }
  eachAttempt(log, calls, (at) => { found.wait_s += (log.attempts.wait[at] ?? 0) / 1000; });
  found.span_s = Math.max(1, (found.to - found.from) / 1000);
  return found;
}

function failing(log, calls) {
  const found = table((kind, action) => ({
    kind, action, attempts: 0, met: distinct(), recovered: distinct(), given_up: 0, last: 0,
  }));
  eachAttempt(log, calls, (at, call) => {
    const [kind, action] = [log.word("kind", at), log.word("action", at)];
    if (action === "ok" || (kind === null && log.word("stop_reason", at) !== "deadline")) return;
    const row = found.of(kind, action);
    row.attempts += 1;
    row.met.add(call);
    row.last = Math.max(row.last, log.sent[at] + (log.attempts.elapsed[at] ?? 0));
    if (log.outcome(call) === "answered") row.recovered.add(call);
    if (log.outcome(call) === "given_up" && log.last(call) === at) row.given_up += 1;
  });
  return found.sorted((row) => row.given_up, (row) => row.met.size);
}

function stopped(log, calls) {
  const found = table((reason) => ({ reason, calls: 0 }));
  const ended = calls.filter((call) => log.outcome(call) === "given_up");
  for (const call of ended) found.of(log.word("stop_reason", log.last(call))).calls += 1;
  return found.sorted((row) => row.calls).map((row) => ({ ...row, share: row.calls / ended.length }));
}

function decisions(log, calls) {
  const pairs = new Map();
  const found = table((kind, model, key, action, pair) => ({ kind, model, key, action, pair, attempts: 0 }));
  eachAttempt(log, calls, (at) => {
    if (!log.attempts.sent[at]) return;
    const pair = `${log.attempts.model[at]},${log.attempts.key[at]}`;
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    const [kind, model, key, action] = ["kind", "model", "key", "action"].map((name) => log.word(name, at));
    if (action !== "ok") found.of(kind, model, key, action, pair).attempts += 1;
  });
  return found.sorted((row) => row.attempts).map((row) => ({ ...row, share: row.attempts / pairs.get(row.pair) }));
}

function waits(log, calls) {
  const found = table((kind) => ({ kind, values: [], total_s: 0 }));
  const add = (kind, ms) => {
    if (!(ms > 0)) return;
    const row = found.of(kind);
    row.values.push(ms / 1000);
    row.total_s += ms / 1000;
  };
  eachAttempt(log, calls, (at) => {
    add(log.word("kind", at), log.attempts.wait[at]);
    add(null, log.attempts.queued[at]);
  });
  return found.sorted((row) => row.total_s).map((row) => {
    const at = percentiles(row.values);
    return { ...row, waits: row.values.length, p50: at(0.5), p95: at(0.95), max: at(1) };
  });
}

function latency(log, calls) {
  const found = new Map();
  for (const call of calls) {
    const at = log.last(call);
    if (log.outcome(call) !== "answered" || log.attempts.elapsed[at] === null) continue;
    const model = log.attempts.model[at];
    if (!found.has(model)) found.set(model, { model: log.word("model", at), attempt: [], call: [], first: [] });
    const row = found.get(model);
    row.attempt.push(log.attempts.elapsed[at] / 1000);
    row.call.push((log.ended[call] - log.started[call]) / 1000);
    if (log.attempts.first[at] !== null) row.first.push(log.attempts.first[at] / 1000);
  }
  return [...found.values()].sort((a, b) => b.attempt.length - a.attempt.length).map((row) => ({
    model: row.model,
    answered: row.attempt.length,
    attempt: [0.5, 0.95, 0.99].map(percentiles(row.attempt)),
    call: [0.5, 0.95, 0.99].map(percentiles(row.call)),
    first: [0.5, 0.95].map(percentiles(row.first)),
  }));
}

function streams(log, calls) {
  const found = table((stream) => ({ stream, attempts: 0 }));
  let all = 0;
  eachAttempt(log, calls, (at) => {
    const stream = log.word("stream", at);
    if (stream === null) return;
    found.of(stream).attempts += 1;
    all += 1;
  });
  return found.sorted((row) => row.attempts).map((row) => ({ ...row, share: row.attempts / all }));
}

function waste(log, calls) {
  const found = table((what) => ({ what, attempts: 0, met: distinct() }));
  eachAttempt(log, calls, (at, call) => {
    const whats = [log.attempts.ambiguous[at] ? "ambiguous" : null, log.word("waste", at)];
    for (const what of whats.filter(Boolean)) {
      found.of(what).attempts += 1;
      found.of(what).met.add(call);
    }
  });
  return [...found.rows.values()].sort((a, b) => (a.what < b.what ? -1 : 1));
}

// The time cut in slices: calls begun, calls answered, attempts a call, failures by kind, latency.
function slices(log, calls, totals) {
  const width = (WIDTHS_S.find((w) => totals.span_s <= w * (SLICES_MAX - 1)) ?? WIDTHS_S.at(-1)) * 1000;
  const start = Math.floor(totals.from / width);
  const count = Math.floor(totals.to / width) - start + 1;
  const rows = Array.from({ length: count }, (_, n) => ({
    at: (start + n) * width / 1000, offered: 0, answered: 0, attempts: 0, kinds: Object.create(null), took: [],
  }));
  const row = (ms) => rows[Math.floor(ms / width) - start];
  for (const call of calls) {
    const begun = row(log.started[call]);
    begun.offered += 1;
    begun.attempts += sends(log, call);
    if (log.outcome(call) !== "answered") continue;
    row(log.ended[call]).answered += 1;
    row(log.ended[call]).took.push((log.ended[call] - log.started[call]) / 1000);
  }
  eachAttempt(log, calls, (at) => {
    const kind = log.word("kind", at);
    if (kind === null || log.word("action", at) === "ok") return;
    const { kinds } = row(log.sent[at]);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  });
  return { width_s: width / 1000, rows };
}

// What moved in the last fifth: shares by half or more and beyond chance, and what is new.
function changes(log, calls, totals) {
  const split = Math.round(totals.to - (totals.to - totals.from) * LAST_PART);
  const before = part(log, calls.filter((call) => log.started[call] < split));
  const after = part(log, calls.filter((call) => log.started[call] >= split));
  const rows = [];
  if (Math.min(before.calls, after.calls) >= CALLS_MIN) {
    rows.push(...movedFailed(before, after), ...movedMet(before, after));
    before.seconds = (split - totals.from) / 1000;
    after.seconds = (totals.to - split) / 1000;
    rows.push(...movedPace(before, after));
  }
  return { split, rows };
}

function part(log, calls) {
  const met = { kind: new Map(), model: new Map(), key: new Map() };
  const meet = (name, at, call) => {
    const value = log.word(name, at);
    if (value === null) return;
    if (!met[name].has(value)) met[name].set(value, distinct());
    met[name].get(value).add(call);
  };
  eachAttempt(log, calls, (at, call) => meet("kind", at, call));
  for (const call of calls) for (const name of ["model", "key"]) meet(name, log.last(call), call);
  return {
    met,
    calls: calls.length,
    failed: calls.filter((call) => log.outcome(call) === "given_up").length,
    attempts: calls.reduce((sum, call) => sum + sends(log, call), 0),
    p95: percentiles(calls.map((call) => (log.ended[call] - log.started[call]) / 1000))(0.95),
  };
}

function byHalf(before, after) {
  return Math.max(before, after) >= 1.5 * Math.min(before, after);
}

function moved(before, ofBefore, after, ofAfter) {
  const pooled = (before + after) / (ofBefore + ofAfter);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / ofBefore + 1 / ofAfter));
  const [then, now] = [before / ofBefore, after / ofAfter];
  return Math.abs(now - then) > 3 * error && byHalf(then, now);
}

function movedFailed(before, after) {
  if (!moved(before.failed, before.calls, after.failed, after.calls)) return [];
  const [then, now] = [before, after].map((one) => one.failed / one.calls);
  return [{ what: "failed", name: "", before: then, after: now, pick: { outcome: "given_up" } }];
}

function movedMet(before, after) {
  const rows = [];
  for (const what of ["kind", "model", "key"]) {
    const count = (one, name) => one.met[what].get(name)?.size ?? 0;
    const names = [...new Set([...before.met[what].keys(), ...after.met[what].keys()])];
    names.sort((a, b) => count(after, b) - count(after, a) || (a < b ? -1 : 1));
    for (const name of names) {
      const [old, now] = [count(before, name), count(after, name)];
      const row = { what, name, before: old / before.calls, after: now / after.calls, pick: { [what]: name } };
      if (now >= NEW_MIN && old === 0) rows.push({ ...row, before: null });
      else if (old > 0 && moved(old, before.calls, now, after.calls)) rows.push(row);
    }
  }
  return rows;
}

function movedPace(before, after) {
  const rows = [];
  const add = (what, then, now, pick) => rows.push({ what, name: "", before: then, after: now, pick });
  const [then, now] = [before, after].map((one) => one.attempts / one.calls);
  if (Math.abs(now - then) >= 0.02 && byHalf(Math.abs(then - 1), Math.abs(now - 1))) {
    add("amplification", then, now, { retried: "true" });
  }
  const [slow, fast] = [before, after].map((one) => one.calls / one.seconds);
  if (byHalf(slow, fast)) add("offered", slow, fast, {});
  if (byHalf(before.p95, after.p95)) add("call_p95", before.p95, after.p95, {});
  return rows;
}

// Return a function from a share to the value below which that share lies, between its neighbours.
function percentiles(values) {
  const sorted = Float64Array.from(values).sort();
  return (share) => {
    if (sorted.length === 0) return null;
    const at = (sorted.length - 1) * share;
    const low = sorted[Math.floor(at)];
    return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at));
  };
}
