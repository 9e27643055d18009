/** Ropes as JSON: `node json-api.ts`, then `curl http://127.0.0.1:8080/ropes`. GET shows, POST adds, DELETE takes away. */
import { formatAddress, run } from "ropewalk";
import { HttpError, type MethodValue, type Request, Resource, Response, serve } from "ropewalk/web";

class Ropes extends Resource {
  readonly #ropes: Map<string, { readonly name: string; readonly metres: number }> = new Map();
  override get(): MethodValue {
    return [...this.#ropes.values()];
  }
  override async post(request: Request): Promise<MethodValue> {
    const { name, metres } = Object(await request.json().catch(notJson)) as Readonly<Record<string, unknown>>;
    if (typeof name !== "string" || name === "") throw new HttpError(400, "name: a text is wanted");
    if (typeof metres !== "number" || metres <= 0) throw new HttpError(400, "metres: a number above 0 is wanted");
    if (this.#ropes.has(name)) throw new HttpError(409, "name: there is such a rope already");
    this.#ropes.set(name, { name, metres });
    return Response.json(
      { name, metres },
      { status: 201, headers: { Location: `/ropes/${encodeURIComponent(name)}` } },
    );
  }
  override getChild(name: string): Resource | undefined {
    const rope = this.#ropes.get(name);
    if (rope === undefined) return undefined;
    const remove = (): null => {
      this.#ropes.delete(name);
      return null;
    };
    return Object.assign(new Resource(), { get: () => rope, delete: remove });
  }
}

function notJson(cause: Error): never {
  throw cause instanceof SyntaxError ? new HttpError(400, "The body is no JSON", { cause }) : cause;
}
const [endpoint = "tcp:8080:interface=127.0.0.1"] = process.argv.slice(2);
await run(async (reactor) => {
  const port = await serve(reactor, endpoint, new Resource().putChild("ropes", new Ropes()));
  console.log(`Listening on ${formatAddress(port.address)}`);
});
