// @ts-check
/** A row of numbers, one a second, as a picture in SVG. */

/**
 * Draws `values` into `box`, the newest at its right edge. `least` is what the top of the picture stands for at least: a quiet
 * second is not to look like a storm.
 *
 * @param {HTMLElement} box
 * @param {readonly (readonly number[])[]} lines the first one is filled
 * @param {{ readonly slots: number, readonly least: number, readonly label: string }} options
 */
export function drawChart(box, lines, { slots, least, label }) {
  const most = Math.max(least, ...lines.flat());
  /** @param {number} value */
  const y = (value) => (HEIGHT - 1 - (value / most) * (HEIGHT - 4)).toFixed(1);
  const svg = make("svg", {
    viewBox: `0 0 ${slots - 1} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": label,
  });
  for (const part of [0.25, 0.5, 0.75]) {
    svg.append(make("path", { class: "grid", d: `M0 ${HEIGHT * part}H${slots - 1}` }));
  }
  for (const [index, values] of lines.entries()) {
    if (values.length === 0) continue;
    const first = slots - values.length;
    const points = values.map((value, at) => `${first + at} ${y(value)}`).join("L");
    if (index === 0) {
      svg.append(make("path", { class: "area", d: `M${first} ${HEIGHT}L${points}V${HEIGHT}Z` }));
    }
    svg.append(make("path", { class: `line line-${index}`, d: `M${points}` }));
  }
  box.replaceChildren(svg);
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
