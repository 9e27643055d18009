/**
 * Loads the protocol families whose endpoints stand in these descriptions, at their beginning or inside: importing one adds
 * its types to `endpointTypes`. What the user of a command can write is not known when the program is.
 */
export async function loadEndpointFamilies(descriptions: readonly string[]): Promise<void> {
  const needed = Object.entries(FAMILIES).filter(([type]) => {
    const begins = new RegExp(`(?:^|[:=])${type}\\\\*:`, "i");
    return descriptions.some((description) => begins.test(description));
  });
  await Promise.all(needed.map(([, load]) => load()));
}

const FAMILIES: Readonly<Record<string, () => Promise<unknown>>> = {
  haproxy: () => import("../protocols/haproxy/index.ts"),
  "http-connect": () => import("../protocols/web/tunnel/endpoints/client.ts"),
  socks4: () => import("../protocols/socks/index.ts"),
  socks5: () => import("../protocols/socks/index.ts"),
};
