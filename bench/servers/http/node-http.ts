/** node:http as people write it: `node-http.js hello|json|tls`. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { certificatePaths } from "./certificate.ts";
import { hello, sayPort } from "./wire.ts";

const modes: Record<string, () => Server> = {
  hello: () => createServer(sayHello),
  tls: () => {
    const [key, cert] = certificatePaths();
    return createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, sayHello);
  },
  json: () => createServer(echoJson),
};

function sayHello(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("Content-Type", "text/plain;charset=UTF-8");
  response.end(hello);
}

function echoJson(request: IncomingMessage, response: ServerResponse): void {
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (part: string) => {
    text += part;
  });
  request.on("end", () => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(JSON.parse(text)));
  });
}

const mode = modes[process.argv[2] ?? ""];
if (mode === undefined) throw new Error(`Unknown mode "${process.argv[2]}": use one of ${Object.keys(modes)}`);
const server = mode();
server.listen(0, "127.0.0.1", () => sayPort((server.address() as AddressInfo).port));
