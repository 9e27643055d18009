import type { Deferred } from "../core/deferred/deferred.ts";
import type { TlsSession } from "./tls-session.ts";

/** How far a connection is on its way to TLS. Plain connections have none of this. */
export class TlsUpgrade {
  /** Clear bytes leave first; then the handshake, which succeeds or fails. */
  phase: "clearing" | "shaking" | "secured" | "failed" = "clearing";
  session: TlsSession | undefined = undefined;
  /** Fires when the last clear byte has left. */
  clearSent: Deferred<void> | undefined = undefined;
  /** loseConnection came while bytes waited for the handshake. */
  closesWhenSecured = false;

  /** What is written waits, and nobody but TLS reads. */
  get isUnderWay(): boolean {
    return this.phase === "clearing" || this.phase === "shaking";
  }

  /** The handshake has begun: the descriptor is TLS's for good. */
  get hasDescriptor(): boolean {
    return this.phase !== "clearing";
  }
}
