import { Logger } from "../../../core/log/logger.ts";
import type { Asked, OpenedPort, Question, Told, Where } from "../../../reactor/primary.ts";
import { claimUnixPath } from "../../../reactor/unix.ts";
import type { Member } from "./member.ts";
import { StickyPort } from "./sticky-port.ts";
import type { Place } from "./workforce.ts";

/** Does for the workers what only their primary can do: see reactor/primary.ts. */
export class SharedPorts {
  readonly #places: readonly Place[];
  /** What releases the lock of each UNIX socket, by its path. */
  readonly #claims: Map<string, Promise<(() => void) | undefined>> = new Map();
  /** The UNIX sockets that are being made, and what a worker's end takes back. */
  readonly #making: Map<Member, () => void> = new Map();
  #made: Promise<void> = Promise.resolve();
  readonly #ports: Map<string, Promise<StickyPort>> = new Map();
  readonly #byNumber: StickyPort[] = [];

  constructor(places: readonly Place[]) {
    this.#places = places;
  }

  /** Answers what this worker asks. */
  serve(member: Member): void {
    const { worker } = member;
    worker.on("message", (asked: Asked) => {
      if (asked?.ropewalk !== "ask") return;
      const answer = (told: Partial<Told>): void => {
        // Whoever is gone by now needs no answer.
        if (worker.isConnected()) worker.process.send({ ropewalk: "answer", id: asked.id, ...told }, () => undefined);
      };
      this.#answer(member, asked.question).then(
        (value) => answer({ value }),
        ({ message, code }: NodeJS.ErrnoException) => answer({ error: { message, code } }),
      );
    });
  }

  /** This worker is gone. */
  forget(member: Member): void {
    this.#making.get(member)?.();
    for (const port of this.#byNumber) port.close(member);
  }

  /** Connections that waited for a worker may have one now. */
  deliver(): void {
    for (const port of this.#byNumber) port.deliver();
  }

  /** The workers are gone, and nobody listens any more. */
  close(): void {
    for (const port of this.#byNumber) port.end();
    for (const claim of this.#claims.values()) void claim.then((release) => release?.(), alreadyTold);
  }

  async #answer(member: Member, question: Question): Promise<unknown> {
    switch (question.ask) {
      case "listen":
        return this.#listen(member, question.where);
      case "close":
        this.#byNumber[question.port]?.close(member);
        return undefined;
      case "claim":
        return this.#claim(member, question);
      case "claimed":
        this.#making.get(member)?.();
        return undefined;
      case "nothing":
        return undefined;
    }
  }

  async #listen(member: Member, where: Where): Promise<OpenedPort> {
    // A worker that asks twice for any free port wants two of them, and the next worker the same two.
    const key = JSON.stringify([where.fd, where.host, where.port, where.port === 0 ? member.freePorts++ : 0]);
    let opening = this.#ports.get(key);
    if (opening === undefined) {
      opening = StickyPort.open(this.#byNumber.length, where, this.#places);
      this.#ports.set(key, opening);
      opening.then(
        (port) => this.#byNumber.push(port),
        () => this.#ports.delete(key),
      );
    }
    const port = await opening;
    port.open(member);
    return { port: port.number, address: port.address };
  }

  /** Sockets are made one after the other, since the umask is the whole process's. */
  async #claim(member: Member, { path, lockfile, umask }: Extract<Question, { ask: "claim" }>): Promise<void> {
    const earlier = this.#made;
    let release = (): void => undefined;
    this.#made = new Promise((resolve) => {
      release = resolve;
    });
    await earlier;
    let former: number | undefined;
    const done = (): void => {
      this.#making.delete(member);
      if (former !== undefined) process.umask(former);
      former = undefined;
      release();
    };
    this.#making.set(member, done);
    try {
      let claim = this.#claims.get(path);
      if (claim === undefined) {
        claim = Promise.resolve(claimUnixPath(path, lockfile));
        this.#claims.set(path, claim);
      }
      await claim;
    } catch (error) {
      this.#claims.delete(path);
      done();
      throw error;
    }
    if (member.state === "gone") done();
    else if (umask !== 0) former = process.umask(process.umask() | umask);
  }
}

function alreadyTold(error: Error): void {
  log.debug("A claim of a UNIX path failed, as its worker has been told: {reason}", { reason: error.message });
}

const log: Logger = new Logger("ropewalk.twistd.workers");
