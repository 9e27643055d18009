/*
 * Writing past Node's streams, whose bookkeeping for each write costs as much as parsing a request, and an Error with its
 * stack for each connection that closes right behind its last write. After accept.ts the second place that relies on a
 * shape inside Node: `socket._handle` takes text and bytes by methods of its own, with an object to tell later what the kernel
 * did not take at once. Of those objects one is enough until that happens. Where the shape is another one (Node 26, which
 * needs no such object), all goes through `socket.write`.
 */
import { Socket, type SocketConstructorOpts } from "node:net";
import type { TextEncoding } from "../core/write-buffer.ts";

/** What has to be known about bytes that the kernel has not taken yet. */
export interface DirectWriter {
  /** They left, or never will: then the socket breaks as well. */
  directlySent(): void;
}

/**
 * Hands `data` to the system. Returns how many bytes wait with the socket, for `writer.directlySent()`; -1 if nothing was done
 * because the socket has to be written to as a stream. A failure breaks the socket in a later call.
 */
export function writeDirectly(
  socket: Socket,
  data: Uint8Array | string,
  encoding: TextEncoding,
  writer: DirectWriter,
): number {
  const handle = (socket as unknown as { readonly _handle: Handle | null })._handle;
  if (handle === null) return -1;
  spare ??= makeRequest();
  const request = spare;
  if (request === undefined) return -1;
  let status: number;
  if (typeof data !== "string") status = handle.writeBuffer(request, data);
  else if (encoding === "latin1") status = handle.writeLatin1String(request, data);
  else status = handle.writeUtf8String(request, data);
  if (status < 0) {
    socket.destroy(writeError(status));
    return 0;
  }
  const waiting = handle.writeQueueSize;
  if (waiting === 0) return 0;
  spare = undefined;
  request.oncomplete = onComplete;
  request.socket = socket;
  request.writer = writer;
  // Nobody else holds the bytes until they have left.
  request.data = data;
  return waiting;
}

function onComplete(this: Request, status: number): void {
  if (status < 0 && !this.socket.destroyed) this.socket.destroy(writeError(status));
  this.writer.directlySent();
}

function writeError(status: number): Error {
  const code = process.getBuiltinModule("node:util").getSystemErrorName(status);
  return Object.assign(new Error(`write ${code}`), { errno: status, code, syscall: "write" });
}

/** Undefined where the shape is another one. The class is looked for with the first write: a start has no time for it. */
function makeRequest(): Request | undefined {
  if (WriteRequest === undefined) WriteRequest = findWriteRequest() ?? null;
  return WriteRequest === null ? undefined : new WriteRequest();
}

/** The class of those objects, looked at in the hands of a socket that writes to something which only seems to be a handle. */
function findWriteRequest(): (new () => Request) | undefined {
  let seen: { constructor?: unknown } | null = null;
  const nothing = (): number => 0;
  const handle = {
    getAsyncId: nothing,
    readStart: nothing,
    readStop: nothing,
    close: (closed?: () => void): void => closed?.(),
    writeLatin1String: (request: object | null): number => {
      seen = request;
      return 0;
    },
  };
  const socket = new Socket({ handle } as SocketConstructorOpts);
  socket.on("error", nothing).write("x", "latin1");
  socket.destroy();
  const found = (seen as { constructor?: unknown } | null)?.constructor;
  return typeof found === "function" && found.name === "WriteWrap" ? (found as new () => Request) : undefined;
}

/** What Node's sockets stand on. */
interface Handle {
  readonly writeQueueSize: number;
  writeLatin1String(request: Request, text: string): number;
  writeUtf8String(request: Request, text: string): number;
  writeBuffer(request: Request, data: Uint8Array): number;
}

interface Request {
  oncomplete: (this: Request, status: number) => void;
  socket: Socket;
  writer: DirectWriter;
  data: Uint8Array | string;
}

let WriteRequest: (new () => Request) | null | undefined;
let spare: Request | undefined;
