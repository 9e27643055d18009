export {
  ANONYMOUS,
  type AnyChecker,
  type AvatarId,
  allowAnonymous,
  type Checker,
  type CheckResult,
  checker,
  firstOf,
} from "./checker.ts";
export type {
  AnonymousCredentials,
  CertificateCredentials,
  Credentials,
  KnownCredentials,
  PasswordCredentials,
  ProofCredentials,
  TokenCredentials,
} from "./credentials.ts";
export { LoginFailed, LoginThrottled, PasswordFileError, PasswordHashError, UnknownCredentials } from "./errors.ts";
export { InsecureSecrets } from "./insecure-secrets.ts";
export { LoginThrottle, type LoginThrottleOptions } from "./login-throttle.ts";
export { MemoryPasswords } from "./memory-passwords.ts";
export { OneTimeTokens, type OneTimeTokensOptions } from "./one-time-tokens.ts";
export { PasswordFile } from "./password-file.ts";
export { PasswordHasher, type PasswordHasherOptions } from "./password-hasher.ts";
export { type Admission, type Login, Portal, type Realm, type RealmLike } from "./portal.ts";
export { type RememberedOptions, remembered } from "./remembered.ts";
export { sameSecret } from "./same-secret.ts";
export type { ScryptCost } from "./scrypt-hash.ts";
export type { UserHashes } from "./user-hashes.ts";
