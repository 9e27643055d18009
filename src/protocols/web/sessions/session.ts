import { createHash } from "node:crypto";
import type { SessionStore } from "./store.ts";

/** What the program keeps of somebody between requests. */
export interface Session<Data extends object> {
  /**
   * What is kept, empty at first. It is read from the store at the first call, and all calls give the same object: change it, and
   * it is saved before the answer leaves. It must be JSON.
   */
  data(): Promise<Partial<Data>>;
  /**
   * Goes on under a new id, and ends the old one: call it whenever somebody logs in, so that nobody who knew the id from before
   * is logged in, too. The time until the session ends begins anew.
   */
  regenerate(): Promise<void>;
  /** Ends it, with all its data: the logout. What comes in this request after that is a new session. */
  destroy(): Promise<void>;
}

/** What a session is made with. */
export interface SessionSettings {
  readonly reactor: { wallTimeMs(): number; randomBytes(count: number): Uint8Array };
  readonly store: SessionStore;
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly maxBytes: number;
  /** Told of what was in the store and could not be read. */
  readonly unreadable: (error: unknown) => void;
}

/** What the answer must tell the browser: a new token, that there is none any more, or nothing. */
export type SessionNews = { readonly token: string } | "ended" | undefined;

/** The session of one request. */
export class LazySession<Data extends object> implements Session<Data> {
  readonly #settings: SessionSettings;
  /** What the cookie said, if it may be one of ours. */
  readonly #shown: string | undefined;
  /** Under which id it is in the store; undefined if it is not. */
  #id: string | undefined;
  #loading: Promise<Partial<Data>> | undefined = undefined;
  #loaded = { text: EMPTY, createdMs: 0, usedMs: 0 };
  #mustRenew = false;
  /** Ids that end when the answer leaves. */
  readonly #ended: string[] = [];
  #wasDestroyed = false;

  constructor(settings: SessionSettings, shown: string | undefined) {
    this.#settings = settings;
    this.#shown = shown !== undefined && TOKEN.test(shown) ? shown : undefined;
    this.#id = this.#shown === undefined ? undefined : idOf(this.#shown);
  }

  data(): Promise<Partial<Data>> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** Whether the answer may depend on the cookie. */
  get wasAsked(): boolean {
    return this.#loading !== undefined;
  }

  async regenerate(): Promise<void> {
    await this.data();
    this.#mustRenew = true;
  }

  async destroy(): Promise<void> {
    await this.data();
    if (this.#id !== undefined) this.#ended.push(this.#id);
    this.#wasDestroyed = this.#shown !== undefined;
    this.#mustRenew = false;
    this.#startAnew();
    this.#loading = Promise.resolve({});
  }

  /** Saves what has changed. @throws what the store fails with; RangeError if there is too much; TypeError for what is no JSON. */
  async save(): Promise<SessionNews> {
    if (this.#loading === undefined) return undefined;
    const { store } = this.#settings;
    const text = JSON.stringify(await this.#loading);
    const isNew = this.#id === undefined || this.#mustRenew;
    let news: SessionNews = this.#wasDestroyed ? "ended" : undefined;
    if (isNew && (text !== EMPTY || this.#mustRenew)) news = { token: await this.#create(text) };
    else if (!isNew) await this.#update(this.#id as string, text);
    for (const id of this.#ended) await store.remove(id);
    return news;
  }

  async #create(text: string): Promise<string> {
    const { reactor, store } = this.#settings;
    const token = Buffer.from(reactor.randomBytes(TOKEN_BYTES)).toString("base64url");
    const now = reactor.wallTimeMs();
    await store.create(idOf(token), this.#record(text, now, now), this.#expiresMs(now, now));
    if (this.#id !== undefined) this.#ended.push(this.#id);
    return token;
  }

  async #update(id: string, text: string): Promise<void> {
    const { reactor, store, idleMs } = this.#settings;
    const now = reactor.wallTimeMs();
    const { createdMs, usedMs } = this.#loaded;
    // That it was used is written now and then only: a page and its pictures are one use.
    if (text === this.#loaded.text && now - usedMs < idleMs / TOUCHES) return;
    await store.update(id, this.#record(text, createdMs, now), this.#expiresMs(createdMs, now));
  }

  async #load(): Promise<Partial<Data>> {
    const id = this.#id;
    const { store, reactor } = this.#settings;
    const text = id === undefined ? undefined : await store.read(id);
    const now = reactor.wallTimeMs();
    const record = text === undefined ? undefined : this.#parsed(text);
    if (record !== undefined && this.#expiresMs(record.createdMs, record.usedMs) > now) {
      const { createdMs, usedMs, data } = record;
      this.#loaded = { text: JSON.stringify(data), createdMs, usedMs };
      return data as Partial<Data>;
    }
    // An id of the browser's choice never becomes a session's: somebody else may have put it there. But its cookie is left
    // alone: another request may have just set a new one, which this answer would clear.
    if (text !== undefined) this.#ended.push(id as string);
    this.#startAnew();
    return {};
  }

  #parsed(text: string): SessionRecord | undefined {
    try {
      const record = JSON.parse(text) as SessionRecord;
      const { createdMs, usedMs, data } = record;
      if (typeof createdMs === "number" && typeof usedMs === "number" && typeof data === "object" && data !== null)
        return record;
      throw new TypeError("Cannot use a session from the store: it is of another form");
    } catch (error) {
      this.#settings.unreadable(error);
      return undefined;
    }
  }

  #startAnew(): void {
    this.#id = undefined;
    this.#loaded = { text: EMPTY, createdMs: 0, usedMs: 0 };
  }

  #record(text: string, createdMs: number, usedMs: number): string {
    const { maxBytes } = this.#settings;
    const bytes = Buffer.byteLength(text);
    if (bytes > maxBytes) throw new RangeError(`Cannot save a session of ${bytes} bytes: ${maxBytes} are allowed`);
    return `{"createdMs":${createdMs},"usedMs":${usedMs},"data":${text}}`;
  }

  #expiresMs(createdMs: number, usedMs: number): number {
    return Math.min(usedMs + this.#settings.idleMs, createdMs + this.#settings.absoluteMs);
  }
}

interface SessionRecord {
  readonly createdMs: number;
  readonly usedMs: number;
  readonly data: object;
}

/** The store has hashes only, so that it is of no use to a thief. The token is random enough for a fast one. */
function idOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

const EMPTY = "{}";
const TOKEN_BYTES = 32;
const TOKEN = /^[\w-]{43}$/;
/** How often in an idle time it is written that a session was used. */
const TOUCHES = 10;
