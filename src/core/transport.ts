import type { Address } from "./address.ts";
import type { Deferred } from "./deferred/deferred.ts";
import type { TlsClientOptions, TlsFacts, TlsServerOptions } from "./tls.ts";

/**
 * One end of a connection that carries a stream of bytes. `src/core/stream-transport.ts` keeps these promises once, for
 * every kind of connection; the suites in `ropewalk/testing` check them.
 */
export interface Transport {
  /** The other end. */
  readonly peer: Address;
  /** This end. */
  readonly local: Address;
  /** What the TLS handshake agreed on; undefined on a connection without TLS. */
  readonly tls: TlsFacts | undefined;
  /** True from connectionMade until the connection closes or is told to. */
  readonly connected: boolean;
  /** Bytes written that the kernel has not taken yet. */
  readonly bufferedBytes: number;

  /**
   * Sends bytes; a string goes as UTF-8. Never blocks and never throws for a bad moment: after `loseConnection` or a
   * loss it does nothing. What one turn of the event loop writes leaves in one system call. The bytes belong to the
   * transport from here on: do not change them.
   */
  write(data: Uint8Array | string): void;
  /** `write` for text whose code points are all below 256: one byte each. */
  writeLatin1(text: string): void;

  /** Stops reading from the kernel; the peer's close is not noticed either until `resumeReading`. */
  pauseReading(): void;
  /** Goes on reading. */
  resumeReading(): void;

  /**
   * Flushes what is written, then closes. Nothing more is delivered; `connectionLost` comes later. A registered
   * producer may finish first. Aborts if the peer does not take the bytes within the close timeout (30 s by default).
   */
  loseConnection(how?: Farewell): void;
  /** Flushes what is written and ends this direction only (FIN). The peer can go on sending. */
  loseWriteConnection(): void;
  /** Drops what is buffered and resets the connection; `connectionLost(ConnectionAborted)` comes next turn. */
  abortConnection(): void;

  /**
   * Lets `producer` follow the speed of the peer. A push producer (`"push"`) is paused and resumed; a pull producer
   * (`"pull"`) is asked for more once at registration and once per drain.
   *
   * @throws Error if a producer is registered already. After a loss it calls `producer.stopProducing()` instead.
   */
  registerProducer(producer: PushProducer, kind: "push"): void;
  registerProducer(producer: PullProducer, kind: "pull"): void;
  /** The producer is through. A connection that is closing has waited for this. */
  unregisterProducer(): void;

  /**
   * Turns the connection into TLS from the next byte on, in mid-stream (STARTTLS). What was written before leaves
   * first, in clear; what is written later waits for the handshake. Settles after the handshake and verification; a
   * failure also closes the connection. Bytes that came in clear and wait in a protocol's own buffer must be dropped
   * (as `startTls` of LineProtocol does), for anybody could have added them, or be given back as `received` where the
   * peer may begin with TLS unasked.
   *
   * @throws UnsupportedError (as a failure) on a transport that cannot.
   */
  startTls(options: StartTlsOptions): Deferred<TlsFacts>;

  /** TCP only: whether small writes leave at once (they do at first), or wait to be joined by the kernel. */
  setNoDelay(enabled: boolean): void;
  /** TCP only: keep-alive probes after `idleMs` of silence; 0 turns them off. */
  setKeepAlive(idleMs: number): void;

  /** Fires with the reason once `connectionLost` was called; at once if it was. */
  whenClosed(): Deferred<Error>;
}

/** What is known about the end of a connection. */
export interface Farewell {
  /**
   * The peer has said that it sends nothing more, and all that it sent was read. Then the system's connection is let go of at
   * once; otherwise it stays until the peer's end has come, or for two seconds, because bytes that come later would be
   * answered by a reset, which can destroy the last words of this side.
   */
  readonly peerIsDone: boolean;
}

/** Which side of the handshake this end takes. */
export type StartTlsOptions = (
  | { readonly side: "server"; readonly tls: TlsServerOptions }
  | {
      readonly side: "client";
      readonly tls: TlsClientOptions;
      /** The name that was dialled: asked for and verified unless `tls.servername` says otherwise. */
      readonly host?: string | undefined;
    }
) & {
  /**
   * Bytes of the peer's TLS that were delivered already, behind the last one in clear: for protocols that know where that
   * is and do not wait for an answer there, as the PROXY protocol does. Whatever else is in it fails the handshake.
   */
  readonly received?: Uint8Array | undefined;
};

/** Makes bytes at its own speed, and can be told to hold on. */
export interface PushProducer extends PullProducer {
  /** The transport's buffer is full: make nothing more until `resumeProducing`. */
  pauseProducing(): void;
}

/** Makes some bytes each time it is asked. */
export interface PullProducer {
  /** Makes some bytes (pull), or goes on making them (push). */
  resumeProducing(): void;
  /** The connection is gone: there will be no more calls. */
  stopProducing(): void;
}
