/** Protocols and peers that the tests of faults have in common. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Port, Protocol } from "ropewalk";

/** Says back what it hears, and remembers how it ended. */
export class Echo extends Protocol {
  reason: Error | undefined = undefined;

  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
  }
}

export function portOf({ address }: Port): number {
  if (address.kind !== "tcp") throw new Error(`A TCP port has no ${address.kind} address`);
  return address.port;
}

/** A peer that is no part of the framework. Its errors are the test's own doing. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Fires when `socket` is closed, in whatever way. */
export async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
}

/** What comes next from `socket`; undefined at its end. */
export function nextFrom(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    const settle = (data: unknown): void => {
      socket.off("data", settle).off("close", settle).off("end", settle);
      resolve(data instanceof Uint8Array ? String(data) : undefined);
    };
    socket.on("data", settle).on("close", settle).on("end", settle);
  });
}

/** Whether a new peer is answered. */
export async function isServed(port: number, word: string = "hello"): Promise<boolean> {
  const socket = await dial(port);
  const answer = nextFrom(socket);
  socket.write(word);
  const served = (await answer) === word;
  socket.destroy();
  await closed(socket);
  return served;
}
