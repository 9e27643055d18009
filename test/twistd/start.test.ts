/** `twistd` in the foreground: starts, serves, stops; and says in a line what keeps it from that. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { listeningPort, twistd } from "./support.ts";

test("a plug-in serves until SIGTERM, and the exit status is 0", async (t) => {
  const echo = twistd(t, ["-n", "echo", "--listen", "tcp:0:interface=127.0.0.1"]);
  const port = await listeningPort(echo);
  const guest = connect(port, "127.0.0.1");
  guest.write("hello");
  const [heard] = await once(guest, "data");
  assert.equal(String(heard), "hello");
  echo.kill("SIGTERM");
  assert.deepEqual(await echo.finished(), { code: 0, signal: null });
  guest.destroy();
});

test("a start that fails is one line that names the service, and exit status 1", async (t) => {
  const echo = twistd(t, ["echo", "--listen", "tcp:0:interface=192.0.2.1"]);
  assert.equal((await echo.finished()).code, 1);
  assert.equal(
    echo.err.text,
    'twistd: Cannot start service "echo/tcp:0:interface=192.0.2.1": ' +
      "Cannot listen on 192.0.2.1:0: it is not an address of this machine\n",
  );
});
