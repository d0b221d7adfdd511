// The log as columns. Everything in it is untrusted: it becomes text nodes, never markup.

// Return the data block, unpacked: JSON, gzip, base64.
async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// Lay out what was unpacked: one entry an attempt, attempts of a call side by side, calls by time.
function layOut(raw) {
  const { calls, attempts, words, ids } = raw;
  const count = calls.gap.length;
  const first = new Int32Array(count + 1);
  const started = new Float64Array(count);
  const ended = new Float64Array(count);
  const sent = new Float64Array(attempts.offset.length);
  const owner = new Int32Array(attempts.offset.length);
  let now = raw.base_ms;
  for (let call = 0; call < count; call += 1) {
    now += calls.gap[call];
    started[call] = now;
    first[call + 1] = first[call] + calls.size[call];
    ended[call] = -Infinity;
    for (let at = first[call]; at < first[call + 1]; at += 1) {
      owner[at] = call;
      sent[at] = now + attempts.offset[at];
      ended[call] = Math.max(ended[call], sent[at] + (attempts.elapsed[at] ?? 0));
    }
  }
  return {
    ...raw, first, started, ended, sent, owner,
    word: (column, at) => words[column][attempts[column][at]] ?? null,
    all: Array.from({ length: count }, (_, call) => call),
    last: (call) => first[call + 1] - 1,
    ids: new Map(ids.call.map((call, n) => [call, { call_id: ids.call_id[n], request_ids: ids.request_ids[n] }])),
    outcome: (call) => words.outcome[calls.outcome[call]],
  };
}

// What a condition may name, as in `--calls`; an empty value means that there is none.
const OF_ATTEMPTS = {
  model: (log, at) => log.word("model", at),
  kind: (log, at) => log.word("kind", at),
  key: (log, at) => log.word("key", at),
  action: (log, at) => log.word("action", at),
  stream: (log, at) => log.word("stream", at),
  waste: (log, at) => log.word("waste", at),
  ambiguous: (log, at) => (log.attempts.ambiguous[at] ? "true" : "false"),
  sent: (log, at) => (log.attempts.sent[at] ? "true" : "false"),
};
const OF_CALLS = {
  outcome: (log, call) => log.outcome(call),
  last_kind: (log, call) => log.word("kind", log.last(call)),
  last_action: (log, call) => log.word("action", log.last(call)),
  last_stop_reason: (log, call) => log.word("stop_reason", log.last(call)),
  retried: (log, call) => (sends(log, call) > 1 ? "true" : "false"),
};

function sends(log, call) {
  let count = 0;
  for (let at = log.first[call]; at < log.first[call + 1]; at += 1) count += log.attempts.sent[at];
  return count;
}

// Calls that began in a span, fit every condition on calls, and have one attempt that fits the others.
function select(log, { from, to, conditions }, among = log.all) {
  const given = Object.entries(conditions).filter(([, value]) => value !== null);
  const ofCalls = given.filter(([name]) => name in OF_CALLS);
  const ofAttempts = given.filter(([name]) => name in OF_ATTEMPTS);
  const fits = (call) => {
    if (log.started[call] < from || log.started[call] >= to) return false;
    if (!ofCalls.every(([name, value]) => (OF_CALLS[name](log, call) ?? "") === value)) return false;
    if (ofAttempts.length === 0) return true;
    for (let at = log.first[call]; at < log.first[call + 1]; at += 1) {
      if (ofAttempts.every(([name, value]) => (OF_ATTEMPTS[name](log, at) ?? "") === value)) return true;
    }
    return false;
  };
  return among.filter(fits);
}
