import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointTypes } from "../endpoints/default-types.ts";
import { loadEndpointFamilies } from "./endpoint-families.ts";

test("what a description begins with, or has inside, is there when it is loaded, and nothing else", async () => {
  const knows = (description: string) => {
    try {
      endpointTypes.server(description);
      return true;
    } catch (error) {
      assert.match((error as Error).message, /unknown server type/);
      return false;
    }
  };
  await loadEndpointFamilies(["tcp:80:interface=haproxy", "unix:/run/haproxy"]);
  assert.equal(knows("haproxy:tcp\\:8083"), false);
  await loadEndpointFamilies(["haproxy:tcp\\:8083"]);
  assert.equal(knows("haproxy:tcp\\:8083"), true);
  await loadEndpointFamilies(["tls:443:inner=socks5\\\\:127.0.0.1"]);
  assert.ok(endpointTypes.client("socks5:127.0.0.1:1080:endpoint=tcp\\:example.org\\:80"));
});
