/** Whether every link of the built site leads somewhere, fragments too, and none to the root of its server. */
import { join } from "node:path/posix";
import type { Site } from "./files.ts";

/** What is wrong with the links of each page or text, by its address. */
export function faultsOfLinks(site: Site): Map<string, string[]> {
  const faults = new Map<string, string[]>();
  for (const [url, { links }] of site.pages)
    add(
      faults,
      url,
      [...new Set(links)].flatMap((href) => faultOf(site, url, href) ?? []),
    );
  for (const [url, links] of site.texts)
    add(
      faults,
      url,
      [...new Set(links)].flatMap((href) => faultOf(site, url, href) ?? []),
    );
  return faults;
}

function faultOf({ files, pages }: Site, url: string, href: string): string | undefined {
  if (/^(https?|mailto):/.test(href) || href.startsWith("data:,")) return undefined;
  if (/^(\/|[a-z]+:)/i.test(href)) return `"${href}" only works at one place of one server; make it relative`;
  const [path = "", fragment = ""] = href.split("#");
  const target = path === "" ? url : join(url, "..", decodeURI(path));
  const file = target === "." || target.endsWith("/") ? `${target === "." ? "" : target}index.html` : target;
  if (!files.has(file)) return `"${href}" leads nowhere: there is no ${file}`;
  const page = pages.get(file);
  if (fragment === "" || page === undefined || page.ids.has(decodeURIComponent(fragment))) return undefined;
  return `"${href}" leads to a page without that fragment`;
}

function add(faults: Map<string, string[]>, url: string, found: readonly string[]): void {
  if (found.length > 0) faults.set(url, [...(faults.get(url) ?? []), ...found]);
}
