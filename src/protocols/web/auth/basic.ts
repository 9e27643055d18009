/** The Basic scheme (RFC 7617), in UTF-8 both ways. */

/** A name and a password. */
export interface UserPassword {
  readonly username: string;
  readonly password: string;
}

/**
 * The credentials for an `Authorization` field.
 *
 * @throws TypeError if the name has a colon, or either has a control character.
 */
export function encodeBasic({ username, password }: UserPassword): string {
  if (username.includes(":") || CONTROLS.test(username) || CONTROLS.test(password)) {
    throw new TypeError(
      `Cannot log in as ${JSON.stringify(username)} by Basic: the name has a colon, or a control character is in it or the password`,
    );
  }
  return `Basic ${Buffer.from(`${username}:${password}`.normalize("NFC")).toString("base64")}`;
}

/** What the token of Basic credentials says; undefined if it is malformed. */
export function decodeBasic(token: string): UserPassword | undefined {
  if (!BASE64.test(token)) return undefined;
  const bytes = Buffer.from(token, "base64");
  const text = bytes.toString();
  // What is not UTF-8 came from a client that ignores the charset that was asked for: no password is right by chance.
  if (!bytes.equals(Buffer.from(text)) || CONTROLS.test(text)) return undefined;
  const colon = text.indexOf(":");
  return colon === -1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\0-\x1f\x7f]/;
