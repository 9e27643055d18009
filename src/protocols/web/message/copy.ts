import { HeaderMap } from "../../../wire/header-map.ts";
import { PLATFORM } from "./platform.ts";
import { Response } from "./response.ts";

/** The same answer with fields that may be changed: those of a platform's Response that a fetch gave may not. */
export function copyOf<A extends Response | globalThis.Response>(answer: A): A;
export function copyOf(answer: Response | globalThis.Response): Response | globalThis.Response {
  if (!(answer instanceof Response)) return new PLATFORM.Response(answer.body, answer);
  // What hands its connection over to a protocol (SwitchProtocols) was made for this request.
  if ("successor" in answer) return answer;
  const { status, statusText, url, redirected } = answer;
  const headers = new HeaderMap(answer.headers.map);
  return new Response(answer.takeBody(), { status, statusText, headers, url, redirected });
}
