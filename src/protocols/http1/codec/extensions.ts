/** Chunk extensions (RFC 9112 §7.1.1): `;name`, `;name=token` or `;name="quoted"`, without the blanks of bad habit. */
export function isExtensions(text: string): boolean {
  return EXTENSIONS.test(text);
}

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const QUOTED = '"(?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"';
const EXTENSIONS = new RegExp(`^(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*$`);
