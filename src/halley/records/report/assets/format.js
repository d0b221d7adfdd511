// How values are written, and how elements are made: text is text, whatever it holds.

const NONE = "–";

// Ties go to the even digit, as where the terminal writes the same figure.
const fixed = (value, digits) => value.toLocaleString("en-US", {
  minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: "halfEven",
});
const whole = (value) => fixed(value, 0);
const short = (value) => fixed(value, 1).replace(/\.0$/, "");

function share(value) {
  return value > 0 && value < 0.001 ? "<0.1 %" : `${short(value * 100)} %`;
}

function seconds(value) {
  if (value === null) return NONE;
  if (value < 1) return `${whole(value * 1000)} ms`;
  return `${fixed(value, value >= 10 ? 0 : 1)} s`;
}

function duration(value) {
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (value >= 2 * size) return `${short(value / size)} ${unit}`;
  }
  return seconds(value);
}

const rate = (value) => (value >= 100 ? whole(value) : value.toPrecision(3));
const stamp = (ms) => new Date(ms).toISOString().replace("T", " ").slice(0, 19);
const clock = (ms) => stamp(ms).slice(11);
const spoken = (name) => name.replaceAll("_", " ");

// Make an element. `props` are its properties, `aria-…`, `data-…` and `role` its attributes.
function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (/^(aria-|data-|role$|scope$|tabindex$)/.test(name)) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function fill(id, ...children) {
  const place = document.getElementById(id);
  place.replaceChildren(...children.filter((child) => child !== null));
  return place;
}
