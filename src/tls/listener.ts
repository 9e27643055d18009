import type { Address } from "../core/address.ts";
import { ListenError } from "../core/errors.ts";
import type { TlsServerOptions } from "../core/tls.ts";
import { prepareServer, type TlsHome } from "./handshake.ts";

/** Loads the certificates of a port. @throws ListenError if they are not usable. */
export function prepareListener(asked: Address, tls: TlsServerOptions, home?: TlsHome): void {
  try {
    prepareServer(tls, home);
  } catch (error) {
    throw new ListenError(asked, `its TLS certificate or key is not usable: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
