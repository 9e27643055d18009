/**
 * Node's TLS, loaded when it is first needed. An `import` of it reads every one of its exports, and one of them is made by
 * decoding all root certificates that Node carries: a tenth of what a program's start costs, and most never shake hands.
 */
export function nodeTls(): typeof import("node:tls") {
  return process.getBuiltinModule("node:tls");
}
