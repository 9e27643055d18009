/** This side was asked to say what RFC 6455 has no words for, or what is not due now. Nothing of it was sent. */
export class LocalWebSocketError extends Error {
  override readonly name: string = "LocalWebSocketError";
}

/** The peer sent what is no WebSocket, what was not due, or more than a limit allows. Nothing more can be read from it. */
export class RemoteWebSocketError extends Error {
  override readonly name: string = "RemoteWebSocketError";
  /** What is wrong with it. */
  readonly problem: string;
  /** What it is told in a Close frame (RFC 6455 §7.4.1): 1002, 1007, 1008, 1009, or 1011 for one that does not answer. */
  readonly code: number;

  constructor(code: number, problem: string) {
    super(`Peer broke the WebSocket protocol: ${problem}`);
    this.code = code;
    this.problem = problem;
  }
}

/** The server did not agree to speak WebSocket, or agreed to what it was not offered. */
export class WebSocketHandshakeError extends Error {
  override readonly name: string = "WebSocketHandshakeError";
  /** What it answered; 101 if it agreed, but wrongly; 0 if it gave no answer at all. */
  readonly status: number;

  constructor(status: number, problem: string, options?: ErrorOptions) {
    super(`Server did not accept the WebSocket: ${problem}`, options);
    this.status = status;
  }
}
