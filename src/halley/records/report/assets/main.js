// What is selected, and what happens when that changes.

const CALLS_SHOWN = 50;
const FILTERS = ["model", "kind", "key"];
const EVERYTHING = { from: -Infinity, to: Infinity, conditions: {} };

function start(log) {
  let chosen = EVERYTHING;
  let pick = null;
  let limit = CALLS_SHOWN;
  let counted = null;
  let calls = [];
  let clear = () => {};

  function refresh() {
    calls = select(log, chosen);
    counted = calls.length ? figures(log, calls) : null;
    document.getElementById("report").hidden = counted === null;
    fill("status", ...(counted === null ? ["No call fits."] : [
      text(`${whole(calls.length)} of ${whole(log.all.length)} calls,`), " ",
      text(`${whole(counted.totals.attempts)} attempts,`), " ", text(span(counted.totals)),
    ]));
    if (counted !== null) {
      for (const show of [showTotals, showStopped, showChanges, showDecisions, showWaste, showStreams, showLatency, showWaits]) show(counted);
      showFailing(counted, log.advice);
      redraw();
    }
    list();
  }

  function redraw() {
    clear();
    clear = draw(counted.slices, { zoom: (from, to) => choose({ from: Math.floor(from), to: Math.ceil(to) }) });
  }

  function list() {
    const { since = -Infinity, ...conditions } = pick ?? {};
    const listed = pick === null ? calls : select(log, { from: since, to: Infinity, conditions }, calls);
    showCalls(log, listed, limit);
    fill("calls-count", `${whole(listed.length)} calls`, pick === null ? "" : el("code", { textContent: told(conditions) }));
    document.getElementById("calls-all").hidden = pick === null;
  }

  function choose(change) {
    chosen = { ...chosen, ...change };
    pick = null;
    limit = CALLS_SHOWN;
    fillFilters(log, chosen);
    refresh();
  }

  function listThese(next) {
    pick = next;
    limit = CALLS_SHOWN;
    list();
    const title = document.getElementById("calls-title");
    title.focus({ preventScroll: true });
    title.scrollIntoView({ block: "start" });
  }

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("button[data-pick]");
    if (button) listThese(JSON.parse(button.dataset.pick));
  });
  for (const name of FILTERS) {
    document.getElementById(name).addEventListener("change", ({ target }) => {
      const value = target.value === "all" ? null : target.value.slice(1);
      choose({ conditions: { ...chosen.conditions, [name]: value } });
    });
  }
  for (const id of ["from", "to"]) {
    document.getElementById(id).addEventListener("change", ({ target }) => {
      const at = Date.parse(`${target.value.trim().replace(" ", "T")}Z`);
      target.setCustomValidity(Number.isNaN(at) ? `Expected a time such as ${stamp(log.base_ms)}, in UTC.` : "");
      if (target.reportValidity()) choose({ [id]: at });
    });
  }
  document.getElementById("reset").addEventListener("click", () => choose(EVERYTHING));
  document.getElementById("calls-all").addEventListener("click", () => { pick = null; list(); });
  document.getElementById("calls-more").addEventListener("click", () => { limit *= 4; list(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => counted && redraw());
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width && counted) requestAnimationFrame(redraw);
    width = innerWidth;
  });
  choose({});
}

// Write conditions as the command line takes them.
function told(conditions) {
  return `--calls ${Object.entries(conditions).map(([name, value]) => `${name}=${value}`).join(",")}`;
}

function span({ from, to }) {
  const sameDay = stamp(from).slice(0, 10) === stamp(to).slice(0, 10);
  return `${stamp(from)} to ${sameDay ? clock(to) : stamp(to)} UTC`;
}

// Fill the controls from the log and from what is chosen; a value stands behind a "=", so that none
// of them can be mistaken for "all".
function fillFilters(log, chosen) {
  for (const name of FILTERS) {
    const values = [...log.words[name]].sort();
    const value = chosen.conditions[name] ?? null;
    const options = values.map((word) => el("option", { value: `=${word}`, textContent: name === "kind" ? spoken(word) : word }));
    const none = log.attempts[name].includes(-1) && name !== "kind" ? [el("option", { value: "=", textContent: "none" })] : [];
    const filled = fill(name, el("option", { value: "all", textContent: "all" }), ...options, ...none);
    filled.value = value === null ? "all" : `=${value}`;
  }
  const whole = { from: log.base_ms, to: log.to_ms + 1000 };
  for (const id of ["from", "to"]) {
    document.getElementById(id).value = stamp(Number.isFinite(chosen[id]) ? chosen[id] : whole[id]);
  }
}

(async () => {
  const failed = (why) => { fill("status", why); };
  if (typeof DecompressionStream === "undefined") {
    failed("This browser is too old for the page: it cannot unpack its data. Any of 2023 or later can.");
    return;
  }
  const log = layOut(await unpack(document.getElementById("data").textContent.trim()));
  fill("source", ...log.notes.map((note) => el("span", { textContent: note })));
  start(log);
  document.documentElement.dataset.ready = "true";
})();
