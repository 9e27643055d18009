/** Prints what is at a URL as it comes, or says why not: `node fetch-page.js http://127.0.0.1:8080/`. Ends with status 1 for 400 and more. */
import { argv, stdout } from "node:process";
import { react } from "ropewalk";
import { get } from "ropewalk/web";

const [url = "http://127.0.0.1:8080/"] = argv.slice(2);

await react(async (reactor, signal) => {
  const response = await get(reactor, url, { signal, answerTimeoutMs: 10_000, check: true });
  // A slow terminal makes the server wait.
  for await (const part of response.body ?? []) {
    if (!stdout.write(part)) await new Promise((resolve) => stdout.once("drain", resolve));
  }
});
