// @ts-check
/** A row of numbers, one a second, as a picture in SVG. */

/**
 * Draws `values` into `box`, the newest at its right edge, and gives the largest.
 *
 * @param {HTMLElement} box
 * @param {readonly number[]} values
 * @param {{ readonly slots: number, readonly kind: "bars" | "steps", readonly label: string }} options
 */
export function drawChart(box, values, { slots, kind, label }) {
  const most = Math.max(1, ...values);
  const first = slots - values.length;
  /** @param {number} value */
  const y = (value) => HEIGHT - (value / most) * (HEIGHT - 2);
  let path = "";
  if (kind === "bars") {
    for (const [at, value] of values.entries()) {
      if (value > 0) path += `M${(first + at) * SLOT + 0.5} ${HEIGHT}V${y(value)}h${SLOT - 1}V${HEIGHT}Z`;
    }
  } else if (values.length > 0) {
    path = `M${first * SLOT} ${HEIGHT}`;
    for (const [at, value] of values.entries()) path += `V${y(value)}H${(first + at + 1) * SLOT}`;
    path += `V${HEIGHT}Z`;
  }
  const svg = make("svg", {
    viewBox: `0 0 ${slots * SLOT} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": `${label}: ${values.at(-1) ?? 0} now, ${Math.max(0, ...values)} at most`,
  });
  for (const part of [0, 0.5, 1]) {
    const height = 1 + part * (HEIGHT - 2);
    svg.append(make("path", { class: "grid", d: `M0 ${height}H${slots * SLOT}` }));
  }
  svg.append(make("path", { class: kind, d: path }));
  box.replaceChildren(svg);
  return Math.max(0, ...values);
}

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string>>} attributes
 */
function make(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const HEIGHT = 80;
const SLOT = 5;
