/** A tree of resources, with pages: `node web-tree.js tcp:8080:interface=127.0.0.1`, then `curl localhost:8080/knots/bowline`. */
import { argv } from "node:process";
import { formatAddress, run } from "ropewalk";
import { accessLog, html, type MethodValue, type Request, Resource, readForm, redirectTo, serve } from "ropewalk/web";

const knots = new Map([["bowline", "a loop that does not slip"]]);

/** All knots, as JSON; a form adds another, and below each has a page. */
class Knots extends Resource {
  override get(): MethodValue {
    return Object.fromEntries(knots);
  }
  override async post(request: Request): Promise<MethodValue> {
    const { fields } = await readForm(request);
    const name = fields.get("name") ?? "nameless";
    knots.set(name, fields.get("use") ?? "for nothing");
    return redirectTo(`/knots/${encodeURIComponent(name)}`, 303);
  }
  override getChild(name: string): Resource | undefined {
    const use = knots.get(name);
    if (use === undefined) return undefined;
    const page = new Resource();
    page.get = () => html`<!doctype html><title>${name}</title><h1>${name}</h1><p>${use}`;
    return page;
  }
}

await run(async (reactor) => {
  const root = new Resource().putChild("knots", new Knots());
  const served = accessLog({ clock: reactor, write: (line) => console.log(line) });
  const port = await serve(reactor, argv[2] ?? "tcp:8080:interface=127.0.0.1", root, { served });
  console.log(`Listening on ${formatAddress(port.address)}`);
});
