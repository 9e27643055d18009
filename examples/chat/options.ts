/** What `npm start -- …` may be told. */
import { parseArgs } from "node:util";
import { endpointTypes } from "ropewalk/endpoints";

export interface ChatOptions {
  /** Endpoints for people at a terminal. */
  readonly listen: readonly string[];
  /** Endpoint for browsers; undefined for none. */
  readonly web: string | undefined;
  /** Somebody asked for that very endpoint. */
  readonly isWebChosen: boolean;
  readonly banner: string;
  readonly remember: boolean;
  readonly help: boolean;
}

/** @throws TypeError (of parseArgs) or EndpointSyntaxError, whose messages say what is wrong. */
export function readOptions(args: readonly string[]): ChatOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      listen: { type: "string", multiple: true, default: ["tcp:1400"] },
      web: { type: "string" },
      banner: { type: "string", default: "chat-banner.txt" },
      remember: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { listen, banner, remember, help } = values;
  const web = values.web ?? DEFAULT_WEB;
  for (const endpoint of listen) endpointTypes.server(endpoint);
  if (web !== "none") endpointTypes.server(web);
  if (banner === "") throw new TypeError("Cannot keep the banner in a file without a name: give --banner a path");
  return {
    listen,
    web: web === "none" ? undefined : web,
    isWebChosen: values.web !== undefined,
    banner,
    remember,
    help,
  };
}

/** Nobody but this machine: who wants more says so, and has TLS (`tls:…`) or a proxy that has. */
const DEFAULT_WEB = "tcp:8080:interface=127.0.0.1";

export const HELP = `A chat for people at nc, telnet, openssl s_client and browsers. Options:
  --listen ENDPOINT  where terminals connect, repeatable; default tcp:1400
  --web ENDPOINT     where browsers connect, or "none"; default ${DEFAULT_WEB}
  --banner FILE      keeps the banner; default chat-banner.txt, here
  --remember         numbers what is told, for those who come back (examples/chat/resume.ts)
`;
