/** A line, and the value that follows it if its first word says so. Requests and replies have the same form. */
export interface Frame {
  /** The words of the line, a character for each byte. */
  readonly words: readonly string[];
  /** May be a part of a larger array: copy what is to be kept. */
  readonly data: Uint8Array | undefined;
  /** The value was too large: it is dropped, and the connection goes on behind it. */
  readonly isDropped: boolean;
}

/** What a server has for a key. */
export interface Item {
  /** May be a part of a larger array of received bytes: copy what is to be kept for long. */
  readonly value: Uint8Array;
  /** Means what the clients agree on; 32 bits. */
  readonly flags: number;
  /** Changes with each change of the item; undefined unless it was asked for (`gets`). */
  readonly cas: bigint | undefined;
}

/** The answer to a meta command. */
export interface MetaReply {
  /** `HD` done, `VA` done and here is the value, `EN` `NF` not found, `NS` not stored, `EX` exists with another cas. */
  readonly code: MetaCode;
  readonly value: Uint8Array | undefined;
  /** Each flag's letter with its token, which is empty for a flag without one. */
  readonly flags: ReadonlyMap<string, string>;
}

/** The first word of a meta reply. */
export type MetaCode = "HD" | "VA" | "EN" | "NF" | "NS" | "EX";

/** What became of `cas`: `"exists"` if somebody else changed the item in the meantime. */
export type CasResult = "stored" | "exists" | "not found";
