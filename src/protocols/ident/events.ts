/** Which connection is asked about, as its two ports; the hosts are the two that talk. */
export interface IdentQuery {
  /** On the machine that is asked. */
  readonly serverPort: number;
  /** On the machine that asks. */
  readonly clientPort: number;
}

/** Who owns the connection, or why it is not said. */
export type IdentAnswer = IdentUser | IdentFailure;

/** The owner, as the machine that was asked has it: nothing that a login should rest on. */
export interface IdentUser {
  readonly kind: "user";
  /** `UNIX`, or `OTHER` if `user` is no login name but any text (RFC 1413 §4). */
  readonly system: string;
  /** Of the bytes of `user`; default `US-ASCII`. The answer is read as UTF-8 all the same. */
  readonly charset?: string | undefined;
  /** At most 512 bytes, without line ends. */
  readonly user: string;
}

/** Why there is no name. */
export interface IdentFailure {
  readonly kind: "error";
  /** `INVALID-PORT`, `NO-USER`, `HIDDEN-USER`, `UNKNOWN-ERROR`, or something of the peer's own that begins with X. */
  readonly error: string;
}
