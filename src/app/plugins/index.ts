import type { Plugin } from "../plugin.ts";

/** What `twistd` can run without another package; each is loaded when it is asked for. */
export const shippedPlugins: Readonly<Record<string, () => Promise<Plugin>>> = {
  chargen: async () => (await import("./wire.ts")).chargen,
  chat: async () => (await import("./chat.ts")).chat,
  daytime: async () => (await import("./wire.ts")).daytime,
  discard: async () => (await import("./wire.ts")).discard,
  echo: async () => (await import("./wire.ts")).echo,
  finger: async () => (await import("./finger.ts")).finger,
  inetd: async () => (await import("./inetd.ts")).inetd,
  portforward: async () => (await import("./portforward.ts")).portforward,
  procmon: async () => (await import("./procmon.ts")).procmon,
  qotd: async () => (await import("./wire.ts")).qotd,
  socks: async () => (await import("./socks/socks.ts")).socks,
  time: async () => (await import("./wire.ts")).time,
  web: async () => (await import("./web/web.ts")).web,
};
