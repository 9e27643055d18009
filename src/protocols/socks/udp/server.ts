/** UDP ASSOCIATE at the proxy: RFC 1928 §7. One port for the client, and one for each family of its targets. */
import type { TcpAddress, UdpAddress } from "../../../core/address.ts";
import { DatagramProtocol, type DatagramTransport } from "../../../core/datagram.ts";
import type { Deferred } from "../../../core/deferred/deferred.ts";
import { maybeDeferred } from "../../../core/deferred/succeed.ts";
import { Logger } from "../../../core/log/logger.ts";
import type { HostAddress, Reactor } from "../../../core/reactor.ts";
import type { IdleTimer } from "../../../policies/relay.ts";
import { encodeDatagram, readDatagram } from "../codec.ts";
import { allowedAddresses, type DialSettings } from "../dial/client.ts";
import { RemoteSocksError } from "../errors.ts";
import type { SocksAddress, SocksDatagram, SocksRequest } from "../events.ts";

/** For whom, where, and by which rules. */
export interface UdpSettings extends DialSettings {
  /** Where the client's port is. */
  readonly host: string;
  /** The end of its TCP connection: no other host is served. */
  readonly client: TcpAddress;
  /** Its host and port are those from which the client means to send; 0 if it does not know yet. */
  readonly request: SocksRequest;
  readonly timer: IdleTimer;
  readonly allow?: ((request: SocksRequest) => boolean | PromiseLike<boolean>) | undefined;
  readonly maxUdpTargets?: number | undefined;
}

/** Lives until `close`, which the end of the client's connection calls. */
export class UdpAssociation {
  readonly #reactor: Reactor;
  readonly #settings: UdpSettings;
  readonly #near: NearPort;
  #farPorts: Partial<Record<4 | 6, Deferred<DatagramTransport>>> = {};
  /** By "host port" as the client says it, the one that was added last at the end. */
  readonly #targets = new Map<string, Target>();
  #clientPort: number;
  #isClosed = false;

  constructor(reactor: Reactor, settings: UdpSettings) {
    this.#reactor = reactor;
    this.#settings = settings;
    this.#clientPort = settings.request.port;
    this.#near = new NearPort((data, from) => this.#fromClient(data, from));
  }

  /** Fires with where the client has to send to. */
  open(): Deferred<UdpAddress> {
    const { host } = this.#settings;
    return this.#reactor.listenUdp({ port: 0, host }, this.#near).addCallback(({ local }) => {
      if (this.#isClosed) this.#near.transport.stopListening();
      return local;
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#settings.timer.stop();
    this.#near.transport?.stopListening();
    for (const port of Object.values(this.#farPorts)) {
      port.addCallbacks(
        (transport) => void transport.stopListening(),
        () => undefined,
      );
    }
    this.#farPorts = {};
  }

  #fromClient(data: Uint8Array, from: UdpAddress): void {
    if (from.host !== this.#settings.client.host) return;
    if (this.#clientPort !== 0 && from.port !== this.#clientPort) return;
    const datagram = this.#read(data);
    if (datagram === undefined) return;
    this.#clientPort = from.port;
    this.#settings.timer.active();
    const target = this.#targetFor(datagram);
    if (target.state === "open") this.#send(datagram.data, target.address, datagram.port);
    else if (target.state === "asking" && target.waiting.length < MAX_WAITING) target.waiting.push(datagram.data);
  }

  #read(data: Uint8Array): SocksDatagram | undefined {
    try {
      return readDatagram(data);
    } catch (error) {
      if (!(error instanceof RemoteSocksError)) throw error;
      log.debug("Datagram dropped: {problem}", { problem: error.message });
      return undefined;
    }
  }

  #targetFor({ host, port }: SocksAddress): Target {
    const key = `${host} ${port}`;
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    const target: Target = { state: "asking", waiting: [] };
    this.#targets.set(key, target);
    const [oldest] = this.#targets.keys();
    if (this.#targets.size > (this.#settings.maxUdpTargets ?? MAX_TARGETS)) this.#targets.delete(oldest as string);
    this.#ask({ ...this.#settings.request, host, port }).addCallbacks(
      (address) => this.#opened(key, target.waiting, address, port),
      (error: Error) => {
        log.info("Datagrams to {host} {port} are dropped: {problem}", { host, port, problem: error.message });
        this.#targets.set(key, { state: "closed" });
      },
    );
    return this.#targets.get(key) ?? target;
  }

  #ask(request: SocksRequest): Deferred<HostAddress> {
    return maybeDeferred(() => this.#settings.allow?.(request) ?? true)
      .addCallback((isAllowed) => {
        if (!isAllowed) throw new Error("the rules do not allow it");
        return allowedAddresses(this.#reactor, request, this.#settings);
      })
      .addCallback(([first]) => {
        if (first === undefined) throw new Error("it has no address");
        return first;
      });
  }

  #opened(key: string, waiting: readonly Uint8Array[], address: HostAddress, port: number): void {
    if (this.#isClosed) return;
    this.#targets.set(key, { state: "open", address });
    for (const data of waiting) this.#send(data, address, port);
  }

  #send(data: Uint8Array, { host, family }: HostAddress, port: number): void {
    this.#farPort(family).addCallbacks(
      (transport) => {
        transport.write(data, { host, port });
        return transport;
      },
      (error: Error) => {
        log.warn("Datagram dropped: {problem}", { problem: error.message });
        throw error;
      },
    );
  }

  /** One for each family; what it gets from a host that the client has not sent to is dropped. */
  #farPort(family: 4 | 6): Deferred<DatagramTransport> {
    const far = new NearPort((data, from) => this.#fromTarget(data, from));
    this.#farPorts[family] ??= this.#reactor.listenUdp({ port: 0, family }, far);
    return this.#farPorts[family];
  }

  #fromTarget(data: Uint8Array, from: UdpAddress): void {
    if (this.#isClosed || !this.#isTarget(from.host)) return;
    this.#settings.timer.active();
    const { host } = this.#settings.client;
    this.#near.transport.write(encodeDatagram({ host: from.host, port: from.port, data }), {
      host,
      port: this.#clientPort,
    });
  }

  #isTarget(host: string): boolean {
    for (const target of this.#targets.values())
      if (target.state === "open" && target.address.host === host) return true;
    return false;
  }
}

type Target =
  | { readonly state: "asking"; readonly waiting: Uint8Array[] }
  | { readonly state: "open"; readonly address: HostAddress }
  | { readonly state: "closed" };

class NearPort extends DatagramProtocol {
  readonly #onDatagram: (data: Uint8Array, from: UdpAddress) => void;

  constructor(onDatagram: (data: Uint8Array, from: UdpAddress) => void) {
    super();
    this.#onDatagram = onDatagram;
  }

  override datagramReceived(data: Uint8Array, from: UdpAddress): void {
    this.#onDatagram(data, from);
  }
}

const log: Logger = new Logger("ropewalk.socks");

/** A program's own targets; a client that scans does not get to fill the memory. */
const MAX_TARGETS = 1_000;
/** Datagrams that wait for one lookup: a burst, and not a flood. */
const MAX_WAITING = 16;
