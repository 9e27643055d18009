/** What newcomers are greeted with, kept in a file so that it survives the program. */
import { type Deferred, DeferredLock, type Reactor } from "ropewalk";
import { tidy } from "ropewalk/chat";

/** The banner is in a file that cannot be read. */
export class BannerFileError extends Error {
  override readonly name: string = "BannerFileError";
}

/** A text of a few lines, in a file that whoever runs the chat may edit as well. */
export class BannerFile {
  readonly path: string;
  readonly #files: Reactor["files"];
  readonly #lock = new DeferredLock();

  constructor(files: Reactor["files"], path: string) {
    this.#files = files;
    this.path = path;
  }

  /** Empty if there is no such file. Fails with BannerFileError if there is one that cannot be read. */
  async load(): Promise<string> {
    try {
      return tidyBanner(await this.#files.readText(this.path));
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return "";
      throw new BannerFileError(`Cannot read banner "${this.path}": ${(error as Error).message}`, { cause: error });
    }
  }

  /** One at a time, so that the last one asked for is the one that stays. */
  save(banner: string): Deferred<void> {
    return this.#lock.run(() => this.#files.write(this.path, banner === "" ? "" : `${banner}\n`, { atomic: true }));
  }
}

/** Lines without what could move a cursor; no more of them than a terminal's window leaves room for. */
export function tidyBanner(text: string): string {
  const lines = text.split(/\r\n|[\r\n]/).map((line) => tidy(line).slice(0, MAX_LINE_LENGTH));
  return lines.join("\n").trim().split("\n").slice(0, MAX_LINES).join("\n");
}

const MAX_LINES = 10;
const MAX_LINE_LENGTH = 200;
