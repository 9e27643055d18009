import { Later } from "../core/later.ts";

/** What handshakes need. A port loads it before it listens, so that no client waits for it. */
export const laterTls: Later<typeof import("./tls-session.ts")> = new Later(() => import("./tls-session.ts"));
