import { DatagramProtocol } from "../../core/datagram.ts";
import { Protocol } from "../../core/protocol.ts";
import { encodeSyslogMessage, type SyslogMessageInit } from "./encode.ts";
import { LocalSyslogError } from "./errors.ts";
import { encodeSyslogFrame, type SyslogFraming } from "./frame-codec.ts";

/**
 * Sends messages over a stream. Syslog has no receipts: what was sent when a connection broke may be lost.
 *
 * @example
 * ```ts
 * import { SyslogSender } from "ropewalk/syslog";
 * import { MemoryTransport } from "ropewalk/testing";
 *
 * const sender = new SyslogSender();
 * const transport = new MemoryTransport();
 * sender.makeConnection(transport);
 * sender.send({ appName: "app", severity: 4, text: "disk nearly full" });
 * console.log(transport.text()); // 39 <12>1 - - app - - - disk nearly full
 * ```
 */
export class SyslogSender extends Protocol {
  readonly #framing: SyslogFraming;

  /** @param framing Default octet counting, which takes any text and is what RFC 5425 wants over TLS. */
  constructor(framing: SyslogFraming = "octet-counting") {
    super();
    this.#framing = framing;
  }

  /** @throws LocalSyslogError for what the format or the framing cannot hold. */
  send(message: SyslogMessageInit): void {
    this.transport.write(encodeSyslogFrame(encodeSyslogMessage(message), this.#framing));
  }
}

/**
 * Sends messages over UDP, one a datagram (RFC 5426), to the peer that it is given or that its port is connected to.
 *
 * @example
 * ```ts
 * import { SyslogDatagramSender } from "ropewalk/syslog";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const sender = new SyslogDatagramSender();
 * const port = await new MemoryReactor().listenUdp({ port: 0 }, sender);
 * sender.send({ appName: "app", text: "hello" }, { host: "192.0.2.1", port: 514 });
 * console.log(port.sent.length); // 1
 * ```
 */
export class SyslogDatagramSender extends DatagramProtocol {
  /**
   * @throws LocalSyslogError for what the format cannot say, or a message of more than 65 507 bytes. Receivers need take
   * no more than 480 (RFC 5426 §3.2), and most take 2 048.
   */
  send(message: SyslogMessageInit, to?: { readonly host: string; readonly port: number }): void {
    const bytes = encodeSyslogMessage(message);
    if (bytes.length > MAX_DATAGRAM_BYTES) {
      throw new LocalSyslogError(`it has ${bytes.length} bytes, and a datagram holds ${MAX_DATAGRAM_BYTES}`);
    }
    this.transport.write(bytes, to);
  }
}

/** 65 535 less the headers of IPv4 and UDP. */
const MAX_DATAGRAM_BYTES = 65_507;
