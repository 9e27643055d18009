/** The search box: a dialog over the page; the index comes when the box gets the focus for the first time. */
import type { default as MiniSearch, Options } from "minisearch";

interface Found {
  readonly id: string;
  readonly title: string;
  readonly place: string;
  readonly summary: string;
}

const base = document.documentElement.dataset["base"] ?? "";
const dialog = makeDialog();
const input = dialog.querySelector("input") as HTMLInputElement;
const list = dialog.querySelector("ol") as HTMLOListElement;
const status = dialog.querySelector("[role=status]") as HTMLElement;
let loading: Promise<MiniSearch<Found>> | undefined;

input.addEventListener("focus", () => {
  loaded().catch(() => {
    loading = undefined;
    status.textContent = "The index did not load. Try again.";
  });
});
input.addEventListener("input", () => void show());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  const stops = [input, ...list.querySelectorAll("a")];
  const at = stops.indexOf(document.activeElement as HTMLInputElement);
  const step = event.key === "ArrowDown" ? 1 : -1;
  stops[Math.min(Math.max(at + step, 0), stops.length - 1)]?.focus();
});
dialog.querySelector("form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  list.querySelector("a")?.click();
});

/** Opens the box. */
export function search(): void {
  if (!dialog.open) dialog.showModal();
  input.focus();
  input.select();
}

async function show(): Promise<void> {
  const words = input.value.trim();
  if (words === "") {
    list.replaceChildren();
    status.textContent = "";
    return;
  }
  const index = await loaded();
  if (input.value.trim() !== words) return;
  const found = index.search(words) as unknown as Found[];
  list.replaceChildren(...found.slice(0, SHOWN).map(itemOf));
  status.textContent = found.length === 0 ? `Nothing about “${words}”.` : `${found.length} found`;
}

function itemOf({ id, title, place, summary }: Found): HTMLLIElement {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = base + id;
  link.addEventListener("click", () => dialog.close());
  for (const [name, text] of [
    ["strong", title],
    ["small", place],
    ["span", summary],
  ] as const) {
    const part = document.createElement(name);
    part.textContent = text;
    link.append(part);
  }
  item.append(link);
  return item;
}

function loaded(): Promise<MiniSearch<Found>> {
  loading ??= load();
  return loading;
}

async function load(): Promise<MiniSearch<Found>> {
  const [{ default: Library }, answer] = await Promise.all([import("./minisearch.js"), fetch(`${base}search.json`)]);
  if (!answer.ok) throw new Error(`Cannot load the search index: ${answer.status}`);
  const { options, index } = (await answer.json()) as { options: Options<Found>; index: object };
  return Library.loadJSON<Found>(JSON.stringify(index), options);
}

function makeDialog(): HTMLDialogElement {
  const made = document.createElement("dialog");
  made.className = "search";
  made.setAttribute("aria-label", "Search");
  made.innerHTML = `<form><input type="search" placeholder="Search pages and names" aria-label="Search" autocomplete="off" spellcheck="false"><button type="button">Close</button></form><p role="status"></p><ol></ol>`;
  made.querySelector("button")?.addEventListener("click", () => made.close());
  document.body.append(made);
  return made;
}

const SHOWN = 20;
