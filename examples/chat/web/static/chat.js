// @ts-check
/** The chat's page: a door where one says a name, and the room behind it. */
import { Connection } from "./connection.js";
import { addAtEnd, byId, element, isAtEnd, nameTag } from "./dom.js";
import { newsItem } from "./news.js";

const page = {
  status: byId("status", HTMLElement),
  banner: byId("banner", HTMLElement),
  door: byId("door", HTMLElement),
  enter: byId("enter", HTMLFormElement),
  name: byId("name", HTMLInputElement),
  doorProblem: byId("door-problem", HTMLElement),
  room: byId("room", HTMLElement),
  people: byId("people", HTMLElement),
  count: byId("people-count", HTMLElement),
  log: byId("log", HTMLElement),
  newer: byId("newer", HTMLButtonElement),
  say: byId("say", HTMLFormElement),
  text: byId("text", HTMLInputElement),
  send: byId("send", HTMLButtonElement),
  sayProblem: byId("say-problem", HTMLElement),
  leave: byId("leave", HTMLButtonElement),
};
// On a phone that would bring up the keyboard before anybody has seen the page.
if (matchMedia("(pointer: fine)").matches) page.name.focus();

const MOST_LINES = 500;
const NAME_AGAIN_MS = 2_000;

/** Who we are in the room, from the first entry until we leave it: what to say again after a loss. */
let own = { name: "", key: "" };
/** We are in the room, as far as this page knows; the connection may be away. */
let isInside = false;
/** What was said last, in case that it is refused. */
let lastText = "";
/** @type {Set<string>} */
let here = new Set();

const connection = new Connection("/chat", {
  opened() {
    showStatus("Connected", "open");
    if (isInside) connection.send({ type: "enter", ...own });
  },
  lost() {
    showStatus("Connection lost: trying again…", "waiting");
    letTalk(false);
  },
  received(message) {
    switch (message.type) {
      case "banner":
        page.banner.textContent = message.text;
        page.banner.hidden = message.text === "";
        break;
      case "entered":
        entered(message);
        break;
      case "news":
        heard(message.news, message.atMs);
        break;
      case "refused":
        refused(message.problem);
        break;
      case "out":
        connection.close();
        goOut(message.problem);
        showStatus("Not connected", "closed");
        break;
    }
  },
});

page.enter.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = page.name.value.trim();
  page.doorProblem.textContent = name === "" ? "A name has 1 to 20 characters." : "";
  if (name === "") page.name.focus();
  else if (page.status.dataset["state"] === "closed") location.reload();
  else connection.send({ type: "enter", name });
});

page.say.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = page.text.value.trim();
  page.sayProblem.textContent = "";
  if (text === "" || page.text.disabled) return;
  connection.send({ type: "say", text });
  lastText = text;
  page.text.value = "";
  page.log.scrollTop = page.log.scrollHeight;
});

page.leave.addEventListener("click", () => {
  location.reload();
});

page.newer.addEventListener("click", () => {
  page.log.scrollTop = page.log.scrollHeight;
});

page.log.addEventListener("scroll", () => {
  if (isAtEnd(page.log)) page.newer.hidden = true;
});

/** @param {{ name: string, key: string, here: string[] }} message */
function entered({ name, key, here: names }) {
  own = { name, key };
  here = new Set([...names, name]);
  showPeople();
  page.doorProblem.textContent = "";
  page.sayProblem.textContent = "";
  letTalk(true);
  showStatus("Connected", "open");
  page.door.hidden = true;
  page.room.hidden = false;
  page.leave.hidden = false;
  const words = isInside ? "You are back. What was said meanwhile is not here." : `You are in the room as ${name}.`;
  addLine(element("div", { class: "note" }, words));
  isInside = true;
  page.text.focus();
}

/**
 * @param {import("./news.js").News} news
 * @param {number} atMs
 */
function heard(news, atMs) {
  if (news.kind === "came") here.add(news.name);
  if (news.kind === "left" || news.kind === "kicked") here.delete(news.name);
  if (news.kind === "came" || news.kind === "left" || news.kind === "kicked") showPeople();
  addLine(newsItem(news, atMs, own.name));
}

/** @param {string} problem */
function refused(problem) {
  if (!isInside) {
    page.doorProblem.textContent = problem;
    return;
  }
  page.sayProblem.textContent = problem;
  if (!page.text.disabled) {
    if (page.text.value === "") page.text.value = lastText;
    return;
  }
  // Our last connection is gone, but the room has yet to notice; or somebody else has our name.
  showStatus("Waiting for your name…", "waiting");
  setTimeout(() => connection.send({ type: "enter", ...own }), NAME_AGAIN_MS);
}

/** @param {string} problem */
function goOut(problem) {
  isInside = false;
  page.room.hidden = true;
  page.leave.hidden = true;
  page.door.hidden = false;
  page.doorProblem.textContent = problem;
  page.name.value = own.name;
}

/** @param {boolean} may */
function letTalk(may) {
  page.text.disabled = !may;
  page.send.disabled = !may;
}

function showPeople() {
  const names = [...here].sort((one, other) => one.localeCompare(other));
  page.people.replaceChildren(...names.map((name) => element("li", {}, nameTag(name))));
  page.count.textContent = String(names.length);
}

/** @param {HTMLElement} line */
function addLine(line) {
  if (!addAtEnd(page.log, line, MOST_LINES)) page.newer.hidden = false;
}

/**
 * @param {string} text
 * @param {"open" | "waiting" | "closed"} state
 */
function showStatus(text, state) {
  page.status.textContent = text;
  page.status.dataset["state"] = state;
}
