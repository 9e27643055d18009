import { fdClient, fdServer } from "./fd.ts";
import { processClient } from "./process.ts";
import { stdioClient, stdioServer } from "./stdio.ts";
import { systemdServer } from "./systemd.ts";
import { tcp6Server, tcpClient, tcpServer } from "./tcp.ts";
import { tlsClient } from "./tls-client.ts";
import { tlsServer } from "./tls-server.ts";
import { EndpointTypes } from "./types.ts";
import { unixClient, unixServer } from "./unix.ts";

/** The table that `listen`, `connect` and ClientService use unless they are given another one. */
export const endpointTypes: EndpointTypes = new EndpointTypes({
  servers: [tcpServer, tcp6Server, tlsServer, unixServer, systemdServer, fdServer, stdioServer],
  clients: [tcpClient, tlsClient, unixClient, fdClient, stdioClient, processClient],
});
