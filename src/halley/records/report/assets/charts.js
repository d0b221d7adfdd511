// Four charts over one time axis; dragging across one of them selects that time.

const HEALTHY = 1.05;
const KINDS_SHOWN = 4;
const CHART_HEIGHT = 170;

// Draw all charts into their places, and return a function that takes them away again.
function draw(slices, { zoom }) {
  const times = slices.rows.map((row) => row.at);
  const column = (value) => slices.rows.map(value);
  const plots = [
    plot("chart-goodput", times, [
      line("offered", column((row) => row.offered / slices.width_s), "--muted", rate, "--fill"),
      line("answered", column((row) => row.answered / slices.width_s), "--good", rate),
    ], rate, zoom),
    plot("chart-amplification", times, [
      line("attempts a call", column((row) => (row.offered ? row.attempts / row.offered : null)), "--accent", (v) => fixed(v, 2)),
      line(`healthy, ${HEALTHY}`, times.map(() => HEALTHY), "--muted", (v) => fixed(v, 2), null, [3, 3]),
    ], (v) => fixed(v, 2), zoom, [1, null]),
    plot("chart-kinds", times, kindLines(slices), whole, zoom),
    plot("chart-latency", times, [0.5, 0.95].map((p, at) =>
      line(`${p * 100} % within`, column((row) => percentiles(row.took)(p)), ["--muted", "--accent"][at], seconds)), seconds, zoom),
  ];
  return () => plots.forEach((one) => one.destroy());
}

function kindLines(slices) {
  const sums = new Map();
  for (const { kinds } of slices.rows) {
    for (const [kind, count] of Object.entries(kinds)) sums.set(kind, (sums.get(kind) ?? 0) + count);
  }
  const most = [...sums].sort((a, b) => b[1] - a[1]).slice(0, KINDS_SHOWN).map(([kind]) => kind);
  return most.map((kind, at) =>
    line(spoken(kind), slices.rows.map((row) => row.kinds[kind] ?? 0), `--kind-${at}`, whole));
}

function line(label, values, colour, write, area = null, dash = null) {
  return { label, values, colour, write, area, dash };
}

function plot(id, times, lines, write, zoom, range = [0, null]) {
  const place = fill(id);
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: of("--muted"), grid: { stroke: of("--rule"), width: 1 }, ticks: { show: false }, font: `11px ${of("--font")}` };
  const options = {
    width: place.clientWidth,
    height: CHART_HEIGHT,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
    cursor: { sync: { key: "time" }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
    scales: { y: { range: (_, low, high) => [range[0], spread(range[0], high)] } },
    axes: [{ ...axis, space: 64, size: 26, values: (_, ticks, _axis, _space, step) => ticks.map((at) => tick(at, step)) }, { ...axis, size: 52, values: (_, ticks) => ticks.map(write) }],
    series: [
      { value: (_, at) => (at === null ? NONE : stamp(at * 1000)), label: "UTC" },
      ...lines.map((one) => ({
        label: one.label,
        stroke: of(one.colour),
        fill: one.area ? of(one.area) : undefined,
        dash: one.dash ?? undefined,
        width: 1.5,
        points: { show: times.length < 3 },
        value: (_, value) => (value === null || value === undefined ? NONE : one.write(value)),
      })),
    ],
    hooks: {
      setSelect: [(made) => {
        if (made.select.width < 4) return;
        const [left, right] = [made.select.left, made.select.left + made.select.width];
        zoom(made.posToVal(left, "x") * 1000, made.posToVal(right, "x") * 1000);
      }],
    },
  };
  place.setAttribute("aria-label", described(lines));
  return new uPlot(options, [times, ...lines.map((one) => one.values)], place);
}

// Write a moment on the axis as exactly as its neighbours need it.
function tick(at, step) {
  const [date, time] = stamp(at * 1000).split(" ");
  if (step >= 86400) return date.slice(5);
  return step >= 60 ? time.slice(0, 5) : time;
}

// Leave air above the highest value, and never draw a scale without height.
function spread(low, high) {
  return high > low ? low + (high - low) * 1.12 : low + 1;
}

// What a chart shows, for those who do not see it.
function described(lines) {
  return lines.map(({ label, values, write }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${label}: nothing`;
    const [low, high] = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
    return `${label}: from ${write(low)} to ${write(high)}`;
  }).join("; ");
}
