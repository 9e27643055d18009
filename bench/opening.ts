/** What a connection says before its first message, step by step, where its server wants something first. */

interface Step {
  /** Hex. */
  readonly said: string;
  /** Bytes of the server's answer to it. */
  readonly answerBytes: number;
}

export type Opening = readonly Step[];

/** To a SOCKS server: no login, and CONNECT to a port of 127.0.0.1. */
export function socksOpening(targetPort: number): Opening {
  const port = targetPort.toString(16).padStart(4, "0");
  return [
    { said: "050100", answerBytes: 2 },
    { said: `050100017f000001${port}`, answerBytes: 10 },
  ];
}

/** A PROXY header of version 2 for TCP over IPv4. */
export const proxyOpening: Opening = [
  { said: "0d0a0d0a000d0a515549540a2111000cc0000201c0000202c3500050", answerBytes: 0 },
];

/** A WebSocket's handshake. Its answer is no longer than RFC 6455 asks for, from ours and from ws. */
export const webSocketOpening: Opening = [
  { said: Buffer.from(handshake(), "latin1").toString("hex"), answerBytes: 129 },
];

function handshake(): string {
  const head = ["GET / HTTP/1.1", "Host: 127.0.0.1", "Connection: Upgrade", "Upgrade: websocket"];
  return `${[...head, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="].join("\r\n")}\r\n\r\n`;
}
