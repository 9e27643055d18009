/**
 * The platform's Response keeps what it was made of, and gives only a stream of it, which costs more than all the rest of a
 * small answer. In Node 20 and 22 the original can be reached, by a symbol; where it cannot, the stream it is.
 */
import type { BodySource, Parts } from "./body.ts";
import { PLATFORM } from "./platform.ts";

/** The body of an answer that nobody has begun to read. */
export function platformBody(response: globalThis.Response): BodySource {
  if (STATE !== undefined && !response.bodyUsed) {
    const body = (response as unknown as Stateful)[STATE]?.body;
    if (body === null) return null;
    const source = body?.source;
    if ((typeof source === "string" || source instanceof Uint8Array) && body?.stream?.locked !== true) return source;
  }
  return response.body as Parts | null;
}

interface Stateful {
  readonly [state: symbol]: InnerState | undefined;
}

interface InnerState {
  readonly body: { readonly source?: unknown; readonly stream?: { readonly locked: boolean } } | null;
}

/** The symbol, if it leads where it should. */
function findState(): symbol | undefined {
  const probe = new PLATFORM.Response("rope");
  const symbol = Object.getOwnPropertySymbols(probe).find(({ description }) => description === "state");
  if (symbol === undefined) return undefined;
  return (probe as unknown as Stateful)[symbol]?.body?.source === "rope" ? symbol : undefined;
}

const STATE: symbol | undefined = findState();
