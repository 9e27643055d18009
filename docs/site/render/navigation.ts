/** What there is to read, in groups, and which page comes before and after another. */
import { between } from "../content/links.ts";
import { type Page, RECIPE_GROUPS, type Section } from "../content/page.ts";
import { escapeHtml } from "./html.ts";

export interface Entry {
  readonly title: string;
  readonly summary: string;
  readonly url: string;
}

export interface Group {
  readonly title: string;
  readonly parts: readonly { readonly title: string; readonly entries: readonly Entry[] }[];
}

/** The groups in reading order; a section without a page is left out. */
export function groupsOf(pages: readonly Page[], reference: readonly Entry[]): Group[] {
  const of = (section: Section) => pages.filter((page) => page.section === section);
  const maps = of("maps").map((page) => ({ ...page, title: page.title.replace(/^Coming from /, "") }));
  const recipes = RECIPE_GROUPS.map((title) => ({
    title,
    entries: of("recipes").filter(({ group }) => group === title),
  }));
  const groups: Group[] = [
    { title: "Primer", parts: [{ title: "", entries: of("primer") }] },
    { title: "Finger in 60 seconds", parts: [{ title: "", entries: of("finger") }] },
    { title: "Recipes", parts: recipes.filter(({ entries }) => entries.length > 0) },
    { title: "Coming from", parts: [{ title: "", entries: maps }] },
    { title: "In depth", parts: [{ title: "", entries: of("depth") }] },
    { title: "Protocols", parts: [{ title: "", entries: of("protocols") }] },
    { title: "Reference", parts: [{ title: "", entries: reference }] },
  ];
  return groups.filter(({ parts }) => parts.some(({ entries }) => entries.length > 0));
}

/** The side bar as a page at `url` sees it: its own group is open, its own entry marked. */
export function navigation(groups: readonly Group[], url: string): string {
  const list = (entries: readonly Entry[]) =>
    `<ul>${entries.map((entry) => `<li>${entryLink(entry, url)}</li>`).join("")}</ul>`;
  const group = ({ title, parts }: Group, index: number) => {
    const isFirst = index === 0 && url === "index.html";
    const isOpen = isFirst || parts.some(({ entries }) => entries.some((entry) => isAt(entry, url)));
    const lists = parts.map(
      (part) => (part.title === "" ? "" : `<h3>${escapeHtml(part.title)}</h3>`) + list(part.entries),
    );
    return `<details name="groups"${isOpen ? " open" : ""}><summary>${escapeHtml(title)}</summary>${lists.join("")}</details>`;
  };
  return groups.map(group).join("\n");
}

/** The pages before and after the one at `url`, in reading order. */
export function neighbours(groups: readonly Group[], url: string): { before?: Entry; after?: Entry } {
  const entries = groups.flatMap(({ parts }) => parts.flatMap((part) => part.entries));
  const at = entries.findIndex((entry) => entry.url === url);
  if (at === -1) return {};
  const [before, after] = [entries[at - 1], entries[at + 1]];
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

function entryLink(entry: Entry, url: string): string {
  const current = entry.url === url ? ` aria-current="page"` : "";
  return `<a href="${between(url, entry.url)}"${current}>${escapeHtml(entry.title)}</a>`;
}

/** The names of a subpath have no entries of their own: they are in their index's group. */
function isAt(entry: Entry, url: string): boolean {
  return (
    entry.url === url || (entry.url.endsWith("/index.html") && url.startsWith(entry.url.slice(0, -"index.html".length)))
  );
}
