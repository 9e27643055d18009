import { coroutine, Deferred } from "ropewalk";
import { Clock } from "ropewalk/testing";
import { drawTimeline, type Instant, type Span } from "./lib/timeline.ts";

/** A coroutine that is cancelled while it waits at a door. */
export default async function picture(): Promise<string> {
  const clock = new Clock();
  const [body, waits]: [Instant[], Span[]] = [[], []];
  const says = (label: string, kind: Instant["kind"] = "done"): void =>
    void body.push({ kind, atMs: clock.now(), label });
  let sinceMs = 0;
  const waited = (): void => void waits.push({ kind: "waiting", fromMs: sinceMs, toMs: clock.now() });

  const waitedFor: { label: string; spans: Span[] }[] = [];
  const pending = (label: string): Deferred<string> => {
    const deferred = new Deferred<string>(() => {});
    const fromMs = clock.now();
    deferred.addBoth((result) => {
      const kind = result instanceof Error ? "failed" : "outside";
      const words = result instanceof Error ? "cancelled" : JSON.stringify(result);
      waitedFor.push({ label, spans: [{ kind, fromMs, toMs: clock.now(), label: words }] });
      if (result instanceof Error) throw result;
      return result as string;
    });
    return deferred;
  };

  const street = pending("yield* street");
  let door: Deferred<string> | undefined;
  const visiting = coroutine(function* () {
    yield* street;
    waited();
    says("on the way");
    try {
      sinceMs = clock.now();
      door = pending("yield* door");
      return yield* door;
    } finally {
      waited();
      says("finally: going home");
    }
  });
  let outcome = "";
  visiting.addErrback((error: Error) => {
    outcome = error.constructor.name;
  });
  clock.advance(200);
  street.callback("Mast Lane");
  clock.advance(300);
  const cancelledMs = clock.now();
  visiting.cancel();
  return drawTimeline({
    title: "A coroutine that is cancelled while it waits",
    description: `The coroutine waits for the street until ${waits[0]?.toMs} ms, then for the door. At ${cancelledMs} ms it is cancelled: the door's Deferred is cancelled, its finally runs, and its own Deferred fails with ${outcome}`,
    panels: [
      {
        rows: [
          { label: "visit()", spans: waits, instants: body },
          ...waitedFor,
          { label: "caller", instants: [{ kind: "done", atMs: cancelledMs, label: "visiting.cancel()" }] },
          { label: "visiting", instants: [{ kind: "failed", atMs: clock.now(), label: outcome }] },
        ],
      },
    ],
    endMs: 500,
    tickMs: 100,
    tail: 140,
    key: [
      ["done", "runs"],
      ["waiting", "stands at its yield*"],
      ["outside", "a Deferred until it fires"],
      ["failed", "until it is cancelled"],
    ],
  });
}
