// @ts-check
/** The admin's page: an overview first, then what is new each second and whatever happens. */
import { drawChart } from "./chart.js";
import { addAtEnd, byId, duration } from "./dom.js";
import { newsItem } from "./news.js";
import { PeopleTable } from "./people.js";

/**
 * @typedef {{ messages: number, people: number, connections: number }} Sample
 * @typedef {{ id: number, atMs: number, news: import("./news.js").News }} Entry
 * @typedef {{ nowMs: number, messages: number, people: import("./people.js").Presence[] }} Pulse
 * @typedef {Pulse & { banner: string, startedMs: number, entries: Entry[], samples: Sample[] }} Overview
 */

const page = {
  status: byId("status", HTMLElement),
  log: byId("log", HTMLElement),
  banner: byId("banner", HTMLTextAreaElement),
  bannerOutcome: byId("banner-outcome", HTMLElement),
  announcement: byId("announcement", HTMLInputElement),
  announceOutcome: byId("announce-outcome", HTMLElement),
  kick: byId("kick", HTMLDialogElement),
  kickName: byId("kick-name", HTMLElement),
  kickProblem: byId("kick-problem", HTMLElement),
  reason: byId("reason", HTMLInputElement),
};
const MOST_LINES = 300;
const SECONDS = 120;

/** @type {Sample[]} */
let samples = [];
let startedMs = 0;
/** The last entry that is on the page: the overview and the stream overlap. */
let lastId = 0;
/** What hangs there, as far as we know; what somebody types here is left alone. */
let hanging = "";

const people = new PeopleTable(byId("people", HTMLTableSectionElement), byId("nobody", HTMLElement), (name) => {
  page.kickName.textContent = name;
  page.kickProblem.textContent = "";
  page.reason.value = "";
  page.kick.showModal();
});

const stream = new EventSource("/dashboard/events");
stream.addEventListener("open", () => void showOverview());
stream.addEventListener("error", () => {
  const isOver = stream.readyState === EventSource.CLOSED;
  showStatus(isOver ? "The session is over" : "Connection lost: trying again…", isOver ? "closed" : "waiting");
  if (isOver) location.assign("/dashboard");
});
stream.addEventListener("pulse", ({ data }) => {
  /** @type {Pulse & { sample: Sample }} */
  const pulse = JSON.parse(data);
  samples = [...samples, pulse.sample].slice(-SECONDS);
  showPulse(pulse);
});
stream.addEventListener("entry", ({ data }) => showEntry(JSON.parse(data)));

onSubmit("banner-form", page.bannerOutcome, async () => {
  const { banner } = await ask("banner", { text: page.banner.value });
  page.banner.value = banner;
  return banner === "" ? "Taken down" : "It hangs there now";
});
onSubmit("announce", page.announceOutcome, async () => {
  await ask("announce", { text: page.announcement.value });
  page.announcement.value = "";
  return "Said to everybody";
});
onSubmit("kick-form", page.kickProblem, async () => {
  await ask("kick", { name: page.kickName.textContent ?? "", reason: page.reason.value });
  page.kick.close();
  return "";
});
byId("kick-cancel", HTMLElement).addEventListener("click", () => page.kick.close());
byId("logout", HTMLElement).addEventListener("click", async () => {
  stream.close();
  await ask("logout", {});
  location.assign("/dashboard");
});

async function showOverview() {
  const response = await fetch("/dashboard/overview");
  if (!response.ok) return;
  /** @type {Overview} */
  const overview = await response.json();
  samples = overview.samples.slice(-SECONDS);
  startedMs = overview.startedMs;
  for (const entry of overview.entries) showEntry(entry);
  showBanner(overview.banner);
  showPulse(overview);
  showStatus("Live", "open");
}

/** @param {Pulse} pulse */
function showPulse({ nowMs, messages, people: present }) {
  people.show(present, nowMs);
  const minute = samples.slice(-60).reduce((sum, sample) => sum + sample.messages, 0);
  /** @type {[string, string | number][]} */
  const tiles = [
    ["tile-people", present.length],
    ["tile-connections", samples.at(-1)?.connections ?? "–"],
    ["tile-rate", minute],
    ["tile-messages", messages],
    ["tile-uptime", duration(nowMs - startedMs)],
  ];
  for (const [id, value] of tiles) byId(id, HTMLElement).textContent = String(value);
  const rates = samples.map((sample) => sample.messages);
  const connections = samples.map((sample) => sample.connections);
  chart("rate", rates, "bars", "Messages a second");
  chart("connections", connections, "steps", "Open connections");
}

/**
 * @param {string} id
 * @param {number[]} values
 * @param {"bars" | "steps"} kind
 * @param {string} label
 */
function chart(id, values, kind, label) {
  const most = drawChart(byId(`${id}-chart`, HTMLElement), values, { slots: SECONDS, kind, label });
  byId(`${id}-most`, HTMLElement).textContent = `${values.at(-1) ?? 0} now, ${most} at most`;
}

/** @param {Entry} entry */
function showEntry({ id, atMs, news }) {
  if (id <= lastId) return;
  lastId = id;
  if (news.kind === "banner") showBanner(news.text);
  addAtEnd(page.log, newsItem(news, atMs), MOST_LINES);
}

/** @param {string} text */
function showBanner(text) {
  if (page.banner.value === hanging) page.banner.value = text;
  hanging = text;
}

/**
 * Asks the server to do something. Fails with what it says against it.
 *
 * @param {string} what
 * @param {Readonly<Record<string, string>>} body
 */
async function ask(what, body) {
  const headers = { "Content-Type": "application/json", "X-Requested-With": "chat" };
  const response = await fetch(`/dashboard/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim() || `The server answered ${response.status}`);
  return text === "" ? {} : JSON.parse(text);
}

/**
 * @param {string} id
 * @param {HTMLElement} outcome
 * @param {() => Promise<string>} act
 */
function onSubmit(id, outcome, act) {
  byId(id, HTMLFormElement).addEventListener("submit", async (event) => {
    event.preventDefault();
    outcome.textContent = "";
    try {
      outcome.textContent = await act();
      outcome.classList.remove("problem");
    } catch (error) {
      outcome.textContent = error instanceof Error ? error.message : String(error);
      outcome.classList.add("problem");
    }
  });
}

/**
 * @param {string} text
 * @param {"open" | "waiting" | "closed"} state
 */
function showStatus(text, state) {
  page.status.textContent = text;
  page.status.dataset["state"] = state;
}
