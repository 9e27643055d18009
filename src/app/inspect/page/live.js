// @ts-check
/** The live view: an overview first, then what is new each second, and the long lists as often as they are looked at. */
import { drawChart } from "./chart.js";
import { byId, write } from "./dom.js";
import { showConnections, showErrors, showOthers, showPages, showPorts, showTimers } from "./lists.js";
import { LogView } from "./log.js";
import { showServices } from "./services.js";
import { amount, lag, percent, size, span } from "./words.js";

/**
 * @typedef {{ atMs: number, cpu: number, utilisation: number, lagMeanMs: number, lagMaxMs: number, rssBytes: number,
 *   heapUsedBytes: number, connections: number, logged: number }} Sample
 * @typedef {object} Second
 * @property {{ name: string, pid: number, nowMs: number, watchedMs: number }} program
 * @property {{ connections: number, viewers: number, timers: number, ports: number, others: number }} counts
 * @property {{ uptimeMs: number } | undefined} vitals
 * @property {import("./services.js").Service | undefined} services
 * @property {import("./lists.js").Page<import("./lists.js").Port>} ports
 * @property {{ total: number, recent: import("./lists.js").Failure[] }} errors
 * @property {import("./log.js").LogFacts} log
 * @property {import("./log.js").Entry[]} entries
 * @property {Sample | undefined} sample
 *
 * @typedef {Omit<Second, "sample"> & { samples: Sample[],
 *   connections: import("./lists.js").Page<import("./lists.js").Connection>,
 *   timers: import("./lists.js").Page<import("./lists.js").Timer>,
 *   others: import("./lists.js").Page<import("./lists.js").Other> }} Overview
 */

const SECONDS = 300;
/** On a phone a row is a card. */
const IS_NARROW = matchMedia("(max-width: 40rem)").matches;
const CONNECTIONS_A_PAGE = IS_NARROW ? 8 : 25;
const TIMERS_A_PAGE = IS_NARROW ? 8 : 15;
const LISTS_EACH_MS = 2_000;

/** @type {Sample[]} */
let samples = [];
let isPaused = false;
let pid = 0;
const shown = { connections: 0, timers: 0 };

const status = byId("status", HTMLElement);
const order = byId("order", HTMLSelectElement);
const log = new LogView(setLevel);

const pause = byId("pause", HTMLButtonElement);
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
  pause.textContent = isPaused ? "Go on" : "Pause";
  if (isPaused) showStatus("Paused", "waiting");
  else void showOverview();
});
order.addEventListener("change", () => turn("connections", 0));

const stream = new EventSource("/api/events");
stream.addEventListener("open", () => void showOverview());
stream.addEventListener("error", () => {
  const isOver = stream.readyState === EventSource.CLOSED;
  const words = isOver ? "The link does not fit this program any more" : "Connection lost: trying again…";
  showStatus(words, isOver ? "closed" : "waiting");
});
stream.addEventListener("second", ({ data }) => {
  if (isPaused) return;
  /** @type {Second} */
  const second = JSON.parse(data);
  if (second.sample !== undefined) samples = [...samples, second.sample].slice(-SECONDS);
  showSecond(second);
});
setInterval(() => {
  const isSeen = document.visibilityState === "visible" && stream.readyState === EventSource.OPEN;
  if (isSeen && !isPaused) void showLists();
}, LISTS_EACH_MS);

async function showOverview() {
  const overview = await fetchOverview("");
  if (overview === undefined) return;
  if (overview.program.pid !== pid) log.clear();
  pid = overview.program.pid;
  samples = overview.samples.slice(-SECONDS);
  showLong(overview);
  showSecond({ ...overview, sample: undefined });
  showStatus("Live", "open");
}

async function showLists() {
  const overview = await fetchOverview("&samples=0&log=0");
  if (overview !== undefined) showLong(overview);
}

/**
 * @param {string} rest
 * @returns {Promise<Overview | undefined>} nothing if the program is not there now: the stream says so
 */
async function fetchOverview(rest) {
  const { connections, timers } = shown;
  const lists = `connections=${connections},${CONNECTIONS_A_PAGE}&timers=${timers},${TIMERS_A_PAGE}`;
  try {
    const response = await fetch(`/api/snapshot?${lists}&order=${order.value}${rest}`);
    return response.ok ? await response.json() : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** @param {Overview} overview */
function showLong({ connections, timers, others }) {
  showConnections(connections);
  showPages("connections", connections, CONNECTIONS_A_PAGE, (offset) => turn("connections", offset));
  showTimers(timers);
  showPages("timers", timers, TIMERS_A_PAGE, (offset) => turn("timers", offset));
  showOthers(others);
}

/**
 * @param {"connections" | "timers"} what
 * @param {number} offset
 */
function turn(what, offset) {
  shown[what] = offset;
  void showLists();
}

/** @param {Second} second */
function showSecond({ program, counts, vitals, services, ports, errors, log: facts, entries }) {
  document.title = `${program.name} · live view`;
  write(byId("name", HTMLElement), program.name);
  write(byId("process", HTMLElement), `process ${program.pid}`);
  const viewers = counts.viewers === 0 ? "" : `Not listed: ${amount(counts.viewers)} to this view itself.`;
  write(byId("viewers", HTMLElement), viewers);
  const now = samples.at(-1);
  /** @type {[string, string][]} */
  const tiles = [
    ["cpu", now === undefined ? "–" : percent(now.cpu)],
    ["loop", now === undefined ? "–" : percent(now.utilisation)],
    ["lag", now === undefined ? "–" : lag(now.lagMaxMs)],
    ["memory", size(now?.rssBytes)],
    ["connections", amount(counts.connections)],
    ["timers", amount(counts.timers)],
    ["errors", amount(errors.total)],
    ["uptime", span(vitals?.uptimeMs ?? program.watchedMs)],
  ];
  for (const [id, text] of tiles) write(byId(`tile-${id}`, HTMLElement), text);
  byId("errors-tile", HTMLElement).classList.toggle("bad", errors.total > 0);
  showCharts();
  showServices(services);
  showPorts(ports);
  showErrors(errors);
  log.add(entries);
  log.show(facts);
}

function showCharts() {
  const cpu = samples.map((sample) => sample.cpu);
  const busy = samples.map((sample) => sample.utilisation);
  chart("cpu", [cpu, busy], 0.1, percent, "Processor, and how busy the event loop is");
  chart("lag", [samples.map((sample) => sample.lagMaxMs)], 10, lag, "Loop lag");
  const [rss, heap] = [samples.map((sample) => sample.rssBytes), samples.map((sample) => sample.heapUsedBytes)];
  chart("memory", [rss, heap], 2 ** 20, size, "Memory of the process, and the heap in it");
  chart("connections", [samples.map((sample) => sample.connections)], 4, amount, "Open connections");
}

/**
 * @param {string} id
 * @param {number[][]} lines
 * @param {number} least
 * @param {(value: number) => string} words
 * @param {string} label
 */
function chart(id, lines, least, words, label) {
  const values = lines[0] ?? [];
  const most = `${words(values.at(-1) ?? 0)} now, ${words(values.reduce((a, b) => Math.max(a, b), 0))} at most`;
  drawChart(byId(`${id}-chart`, HTMLElement), lines, { slots: SECONDS, least, label: `${label}: ${most}` });
  write(byId(`${id}-most`, HTMLElement), most);
}

/**
 * @param {string} namespace
 * @param {string} level
 * @returns {Promise<import("./log.js").LogFacts>}
 */
async function setLevel(namespace, level) {
  const headers = { "Content-Type": "application/json", "X-Requested-With": "ropewalk" };
  const response = await fetch("/api/level", { method: "POST", headers, body: JSON.stringify({ namespace, level }) });
  if (!response.ok) throw new Error((await response.text()).trim() || `The server answered ${response.status}`);
  return await response.json();
}

/**
 * @param {string} text
 * @param {"open" | "waiting" | "closed"} state
 */
function showStatus(text, state) {
  write(status, text);
  status.dataset["state"] = state;
}
