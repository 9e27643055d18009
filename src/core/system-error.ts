/** An error as the system makes it: `code` to act on, and the call that met it. */
export function systemError(code: string, syscall: string, path: string): Error {
  const meaning = MEANINGS[code];
  const text = meaning === undefined ? code : `${code}: ${meaning}`;
  return Object.assign(new Error(`${text}, ${syscall} '${path}'`), { code, syscall, path });
}

const MEANINGS: Readonly<Record<string, string>> = {
  EADDRINUSE: "address already in use",
  EBADF: "bad file descriptor",
  ECONNREFUSED: "connection refused",
  EEXIST: "file already exists",
  EINVAL: "invalid argument",
  EISDIR: "illegal operation on a directory",
  ENOTFOUND: "no such host",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "not a directory",
  ENOTEMPTY: "directory not empty",
};
