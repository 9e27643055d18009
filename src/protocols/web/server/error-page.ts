/** What a client sees of an error: text, or a page if it is a browser that asks for pages. */
import { REASONS } from "../../http1/codec/reasons.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { html } from "../templates/html.ts";
import { htmlResponse } from "../templates/render.ts";

/** What is told of an error. */
export interface ErrorPage {
  readonly status: number;
  readonly message: string;
  readonly headers?: { readonly [name: string]: string | readonly string[] } | undefined;
  /** For the eyes of whoever develops the program. */
  readonly trace?: string | undefined;
}

export function errorPage(page: ErrorPage, request: Request): Response {
  const { status, message, headers = {}, trace } = page;
  const hasType = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  if (hasType || !prefersHtml(request.headers.get("accept"))) {
    return new Response(`${trace ?? message}\n`, { status, headers });
  }
  const title = `${status} ${REASONS[status] ?? ""}`;
  const text = html`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title>
<h1>${title}</h1>
<p>${message}</p>
${trace === undefined ? "" : html`<pre>${trace}</pre>`}`;
  return htmlResponse(text, { status, headers: { ...headers, ...PAGE_HEADERS } });
}

/** It names HTML, and likes plain text no better (RFC 9110 §12.5.1). What takes just anything is no browser. */
function prefersHtml(accept: string | null): boolean {
  if (accept === null) return false;
  const html = weightOf(accept, "text/html");
  return html > 0 && html >= weightOf(accept, "text/plain");
}

function weightOf(accept: string, type: string): number {
  for (const element of accept.split(",")) {
    const [name = "", ...parameters] = element.split(";").map((part) => part.trim().toLowerCase());
    if (name !== type) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    return weight === undefined ? 1 : Number(weight.slice(2)) || 0;
  }
  return 0;
}

/** Nothing in such a page may do anything, whatever somebody has made of its text. */
const PAGE_HEADERS = {
  "Content-Security-Policy": "default-src 'none'",
  "X-Content-Type-Options": "nosniff",
  Vary: "Accept",
};
