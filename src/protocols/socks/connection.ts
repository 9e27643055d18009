/** What is said when: both sides of the negotiation that comes before the bytes, sans-IO. */

import { EMPTY } from "../../wire/byte-queue.ts";
import { GrowingBytes } from "../../wire/growing-bytes.ts";
import {
  encodeGreeting,
  encodeLogin,
  encodeLoginAnswer,
  encodeMethod,
  encodeReply,
  encodeRequest,
  METHOD,
  NOWHERE,
  type Read,
  readGreeting,
  readLogin,
  readLoginAnswer,
  readMethod,
  readReply,
  readRequest4,
  readRequest5,
} from "./codec.ts";
import { RemoteSocksError, SocksRefusedError } from "./errors.ts";
import type { SocksLogin, SocksMessage, SocksReply, SocksServerEvent } from "./events.ts";

/**
 * The server's side: push what comes, ask for events, and answer each with the call that belongs to it, whose result goes on
 * the wire. After the request, `takeRest` has what the client sent ahead.
 *
 * @example
 * ```ts
 * import { SocksServerConnection } from "ropewalk/socks";
 *
 * const server = new SocksServerConnection();
 * server.push(Uint8Array.of(5, 1, 0, 5, 1, 0, 1, 192, 0, 2, 1, 0, 80));
 * console.log(server.next()?.type, server.chooseMethod(0).toString()); // greeting 5,0
 * console.log(server.next()?.type); // request
 * console.log(server.reply({ code: 0, address: { host: "0.0.0.0", port: 0 } }).length); // 10
 * ```
 */
export class SocksServerConnection {
  readonly #kept: KeptBytes = new KeptBytes();
  #stage: "first" | "choosing" | "login" | "judging" | "request" | "over" = "first";
  #version: 4 | 5 = 5;

  push(data: Uint8Array): void {
    this.#kept.push(data);
  }

  /**
   * The next event; undefined if it is not complete, or if the last one is not answered yet.
   *
   * @throws RemoteSocksError for what is no message, or not the one that is due.
   */
  next(): SocksServerEvent | undefined {
    switch (this.#stage) {
      case "first":
        return this.#first();
      case "login":
        return this.#take(readLogin, "judging", (login) => ({ type: "login", ...login }));
      case "request":
        return this.#take(readRequest5, "over", (request) => ({ type: "request", ...request }));
      default:
        return undefined;
    }
  }

  /** Answers the greeting: 0 (no login), 2 (login) or 255 (none of those that are offered). */
  chooseMethod(method: number): Uint8Array {
    this.#stage = method === METHOD.none ? "request" : method === METHOD.login ? "login" : "over";
    return encodeMethod(method);
  }

  /** Answers the login. */
  judgeLogin(isTaken: boolean): Uint8Array {
    this.#stage = isTaken ? "request" : "over";
    return encodeLoginAnswer(isTaken);
  }

  /** What goes on the wire before a connection ends with `error`: a reply, if a request was due. */
  refusal({ reply }: RemoteSocksError): Uint8Array {
    return this.#stage === "request" ? this.reply({ code: reply, address: NOWHERE }) : EMPTY;
  }

  /** Answers the request; BIND is answered twice. */
  reply(reply: SocksReply): Uint8Array {
    return encodeReply(this.#version, reply);
  }

  takeRest(): Uint8Array {
    return this.#kept.takeRest();
  }

  #first(): SocksServerEvent | undefined {
    const [version] = this.#kept.bytes;
    if (version === undefined) return undefined;
    if (version === 5) return this.#take(readGreeting, "choosing", (methods) => ({ type: "greeting", methods }));
    if (version !== 4) throw new RemoteSocksError(`version is ${version} instead of 4 or 5`);
    this.#version = 4;
    return this.#take(readRequest4, "over", (request) => ({ type: "request", ...request }));
  }

  #take<T>(
    read: (bytes: Uint8Array) => Read<T> | undefined,
    stage: "choosing" | "judging" | "over",
    toEvent: (message: T) => SocksServerEvent,
  ): SocksServerEvent | undefined {
    const message = this.#kept.take(read);
    if (message === undefined) return undefined;
    this.#stage = stage;
    return toEvent(message.value);
  }
}

/** What a client hears: bytes that it has to send on, or an answer to its request. */
export type SocksClientEvent =
  | { readonly type: "send"; readonly data: Uint8Array }
  | ({ readonly type: "reply" } & SocksReply);

/**
 * The client's side: send what `begin` gives, push what comes, and ask for events until there is a reply. BIND has two.
 *
 * @example
 * ```ts
 * import { SocksClientConnection } from "ropewalk/socks";
 *
 * const request = { version: 5, command: "connect", host: "example.org", port: 80, userId: "" } as const;
 * const client = new SocksClientConnection(request);
 * console.log(client.begin().toString()); // 5,1,0
 * client.push(Uint8Array.of(5, 0));
 * const event = client.next();
 * console.log(event?.type, event?.type === "send" && event.data.length); // send 18
 * ```
 */
export class SocksClientConnection {
  readonly #kept: KeptBytes = new KeptBytes();
  readonly #request: SocksMessage;
  readonly #login: SocksLogin | undefined;
  #stage: "method" | "login" | "reply";

  constructor(request: SocksMessage, login?: SocksLogin) {
    this.#request = request;
    this.#login = login;
    this.#stage = request.version === 4 ? "reply" : "method";
  }

  /** @throws LocalSocksError for what the version cannot say: everything that will be sent is looked at here. */
  begin(): Uint8Array {
    const request = encodeRequest(this.#request);
    if (this.#request.version === 4) return request;
    if (this.#login === undefined) return encodeGreeting([METHOD.none]);
    encodeLogin(this.#login);
    return encodeGreeting([METHOD.none, METHOD.login]);
  }

  push(data: Uint8Array): void {
    this.#kept.push(data);
  }

  /** @throws RemoteSocksError for what is no message, SocksRefusedError for a refusal. */
  next(): SocksClientEvent | undefined {
    if (this.#stage === "method") return this.#methodChosen();
    if (this.#stage === "login") return this.#loginAnswered();
    const reply = this.#kept.take((bytes) => readReply(bytes, this.#request.version))?.value;
    if (reply === undefined) return undefined;
    if (reply.code !== 0) throw new SocksRefusedError(REFUSALS[reply.code] ?? `reply ${reply.code}`, reply.code);
    return { type: "reply", ...reply };
  }

  takeRest(): Uint8Array {
    return this.#kept.takeRest();
  }

  #methodChosen(): SocksClientEvent | undefined {
    const method = this.#kept.take(readMethod)?.value;
    if (method === undefined) return undefined;
    if (method === METHOD.none) return this.#sendRequest();
    if (method === METHOD.unacceptable) {
      const advice = this.#login === undefined ? "; give it a username and a password" : "";
      throw new SocksRefusedError(`it wants another kind of login${advice}`);
    }
    if (method !== METHOD.login || this.#login === undefined) {
      throw new RemoteSocksError(`method ${method} was not offered`);
    }
    this.#stage = "login";
    return { type: "send", data: encodeLogin(this.#login) };
  }

  #loginAnswered(): SocksClientEvent | undefined {
    const isTaken = this.#kept.take(readLoginAnswer)?.value;
    if (isTaken === undefined) return undefined;
    if (!isTaken) throw new SocksRefusedError("it does not know this username with this password");
    return this.#sendRequest();
  }

  #sendRequest(): SocksClientEvent {
    this.#stage = "reply";
    return { type: "send", data: encodeRequest(this.#request) };
  }
}

/** Bytes that came and are not read yet: usually those of one message, all in one piece. */
class KeptBytes {
  readonly #growing: GrowingBytes = new GrowingBytes();
  #at = 0;

  get bytes(): Uint8Array {
    return this.#growing.bytes.subarray(this.#at, this.#growing.length);
  }

  push(data: Uint8Array): void {
    this.#growing.append(data, 0, data.length);
  }

  take<T>(read: (bytes: Uint8Array) => Read<T> | undefined): { readonly value: T } | undefined {
    const found = read(this.bytes);
    if (found === undefined) return undefined;
    this.#at += found.length;
    return { value: found.message };
  }

  takeRest(): Uint8Array {
    const rest = this.bytes;
    this.#growing.take();
    this.#at = 0;
    return rest.length === 0 ? EMPTY : rest;
  }
}

const REFUSALS: Readonly<Record<number, string>> = {
  1: "general failure (1)",
  2: "its rules do not allow it (2)",
  3: "network unreachable (3)",
  4: "host unreachable (4)",
  5: "connection refused (5)",
  6: "it took too long (6)",
  7: "it does not know the command (7)",
  8: "it does not know the kind of address (8)",
  91: "rejected or failed (91)",
  92: "it cannot ask the client's identd (92)",
  93: "the client's identd names another user (93)",
};
