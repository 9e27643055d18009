import type { SessionStore } from "./store.ts";

/** What a FileSessionStore asks of the reactor. */
export interface SessionFiles {
  wallTimeMs(): number;
  readonly files: {
    readText(path: string): PromiseLike<string>;
    write(path: string, text: string, options: { readonly atomic: true; readonly mode: number }): PromiseLike<void>;
    stat(path: string): PromiseLike<unknown>;
    list(path: string): PromiseLike<readonly string[]>;
    remove(path: string): PromiseLike<void>;
    makeDirectory(path: string): PromiseLike<void>;
  };
}

/**
 * Sessions in a folder of their own, a file for each: they outlive the process. Call `sweep` now and then, it removes those
 * that nobody came back to.
 *
 * @example
 * ```ts
 * import { FileSessionStore } from "ropewalk/web";
 * import { MemoryReactor } from "ropewalk/testing";
 *
 * const reactor = new MemoryReactor();
 * const store = new FileSessionStore(reactor, "/sessions");
 * await store.create("ab12", "{}", reactor.wallTimeMs() + 1_000);
 * console.log(await store.read("ab12")); // {}
 * reactor.advance(1_000);
 * console.log(await store.sweep()); // 1
 * ```
 */
export class FileSessionStore implements SessionStore {
  readonly #reactor: SessionFiles;
  readonly #folder: string;

  constructor(reactor: SessionFiles, folder: string) {
    this.#reactor = reactor;
    this.#folder = folder;
  }

  async read(id: string): Promise<string | undefined> {
    const path = this.#path(id);
    const found = await this.#find(path);
    if (found === undefined || found.expiresMs > this.#reactor.wallTimeMs()) return found?.text;
    await this.#reactor.files.remove(path);
    return undefined;
  }

  async create(id: string, text: string, expiresMs: number): Promise<void> {
    await this.#reactor.files.makeDirectory(this.#folder);
    await this.#write(id, text, expiresMs);
  }

  async update(id: string, text: string, expiresMs: number): Promise<void> {
    if ((await orNothing(this.#reactor.files.stat(this.#path(id)))) !== undefined)
      await this.#write(id, text, expiresMs);
  }

  async remove(id: string): Promise<void> {
    await this.#reactor.files.remove(this.#path(id));
  }

  /** Removes all that have expired, and says how many. */
  async sweep(): Promise<number> {
    const { files } = this.#reactor;
    const names = (await orNothing(files.list(this.#folder))) ?? [];
    let swept = 0;
    for (const name of names.filter((each) => each.endsWith(ENDING))) {
      const path = `${this.#folder}/${name}`;
      const found = await this.#find(path);
      if (found === undefined || found.expiresMs > this.#reactor.wallTimeMs()) continue;
      await files.remove(path);
      swept += 1;
    }
    return swept;
  }

  async #write(id: string, text: string, expiresMs: number): Promise<void> {
    await this.#reactor.files.write(this.#path(id), `${expiresMs}\n${text}`, { atomic: true, mode: 0o600 });
  }

  async #find(path: string): Promise<{ readonly expiresMs: number; readonly text: string } | undefined> {
    const content = await orNothing(this.#reactor.files.readText(path));
    if (content === undefined) return undefined;
    const end = content.indexOf("\n");
    return { expiresMs: Number(content.slice(0, end)), text: content.slice(end + 1) };
  }

  /** Ids come from `sessions`, and are hashes; anything else could name a file elsewhere. */
  #path(id: string): string {
    if (!/^[0-9a-f]+$/.test(id)) throw new TypeError(`Cannot keep a session ${JSON.stringify(id)}: ids are hex digits`);
    return `${this.#folder}/${id}${ENDING}`;
  }
}

/** What is not there is no error here: another request may have removed it. */
async function orNothing<T>(reading: PromiseLike<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

const ENDING = ".session";
