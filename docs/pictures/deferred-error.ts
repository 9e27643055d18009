import { Deferred } from "ropewalk";
import { visualize } from "ropewalk/testing";

/** A link throws; the next link for errors mends it. */
export default async function picture(): Promise<string> {
  const text = new Deferred<string>();
  const drawn = visualize(text, { title: "A link throws, and another one mends it" });
  text
    .addCallback(function parse(words) {
      return JSON.parse(words) as { readonly port: number };
    })
    .addCallback(function readPort(settings) {
      return settings.port;
    })
    .addErrback(function useDefault() {
      return 8080;
    })
    .addCallback(function listenOn(port) {
      return `listens on ${port}`;
    });
  text.callback("{port");
  return drawn.svg();
}
