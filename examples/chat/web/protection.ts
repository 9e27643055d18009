/** What is asked of requests that change something. */
import { HttpError, type Request } from "ropewalk/web";

/**
 * Lets through what a page of this very host has asked for with a script of its own. A form of a foreign page can neither set a
 * field of its own nor send JSON, its scripts would have to ask first, and SameSite keeps the cookie from both.
 *
 * @throws HttpError 403 or 415
 */
export function checkIntent(request: Request): void {
  const { headers } = request;
  const [origin, host] = [headers.get("origin"), headers.get("host")];
  if (origin === null || host === null || !URL.canParse(origin) || new URL(origin).host !== host.toLowerCase()) {
    throw new HttpError(403, "Pages of that origin may not do this");
  }
  if (headers.get("x-requested-with") !== "chat") throw new HttpError(403, "X-Requested-With is missing");
  if (!/^application\/json\b/i.test(headers.get("content-type") ?? "")) {
    throw new HttpError(415, "This takes application/json");
  }
}
