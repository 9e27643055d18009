/** A page that shows what is in a folder. */
import { formatHttpDate } from "../message/http-date.ts";

export interface ListedFile {
  readonly name: string;
  readonly status: { readonly kind: string; readonly size: number; readonly modifiedMs: number };
}

/** The page for the folder at `path`, a decoded one: folders first, each by name. */
export function listingPage(
  path: string,
  files: readonly ListedFile[],
  { hasParent, leftOut }: { readonly hasParent: boolean; readonly leftOut: number },
): string {
  const sorted = [...files].sort(
    (one, other) => Number(isFolder(other)) - Number(isFolder(one)) || (one.name < other.name ? -1 : 1),
  );
  const rows = sorted.map(row);
  if (hasParent) rows.unshift('<tr><td><a href="../">../</a></td><td></td><td></td></tr>');
  if (leftOut > 0) rows.push(`<tr><td>and ${leftOut} more</td><td></td><td></td></tr>`);
  const title = `Index of ${escapeHtml(path)}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
<table>
<tr><th>Name</th><th>Bytes</th><th>Changed</th></tr>
${rows.join("\n")}
</table>
</html>
`;
}

/** Of pages of ours: nothing is fetched, and nothing runs. */
export const LISTING_POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** The link is a path below this one whatever is in the name: "javascript:x" must not be taken for a scheme. */
function row(file: ListedFile): string {
  const { name, status } = file;
  const slash = isFolder(file) ? "/" : "";
  const link = `<a href="./${encodeURIComponent(name).replaceAll("'", "%27")}${slash}">${escapeHtml(name)}${slash}</a>`;
  return `<tr><td>${link}</td><td>${slash === "" ? status.size : ""}</td><td>${formatHttpDate(status.modifiedMs)}</td></tr>`;
}

function isFolder({ status }: ListedFile): boolean {
  return status.kind === "directory";
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = [
  "body{font:16px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em}",
  "table{border-collapse:collapse;width:100%}th{text-align:left}td,th{padding:.2em 1em .2em 0}",
  "td:nth-child(2){text-align:right;font-variant-numeric:tabular-nums}",
].join("");
