import { TEXT } from "../../../wire/text.ts";

/** A login as Basic has it (RFC 7617 §2), in UTF-8. @throws TypeError for a name with a colon, or with controls. */
export function basicCredentials(login: { readonly username: string; readonly password: string }): string {
  const { username, password } = login;
  if (username.includes(":") || CONTROLS.test(username) || CONTROLS.test(password)) {
    throw new TypeError("Cannot log in by Basic: a name has no colon, and neither it nor a password has controls");
  }
  return `Basic ${btoa(String.fromCharCode(...TEXT.encodeUtf8(`${username}:${password}`)))}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for.
const CONTROLS = /[\0-\x1f\x7f]/;
