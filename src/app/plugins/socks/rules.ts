/** Where a proxy lets people go: `--allow` and `--deny`. */
import { isPublicAddress } from "../../../policies/public-address.ts";
import type { SocksAddress, SocksRequest } from "../../../protocols/socks/events.ts";
import { parseIp } from "../../../wire/ip.ts";
import { IpNetwork } from "../../../wire/ip-network.ts";

/** What a place is called in a rule: `example.org`, `*.example.org:443`, `10.0.0.0/8`, `[2001:db8::/32]:80`, `*:25`. */
interface Rule {
  /** Undefined for a rule about names. */
  readonly network: IpNetwork | undefined;
  /** Of the name, or of the whole of a name under it; undefined: any. */
  readonly name: string | undefined;
  readonly isSuffix: boolean;
  /** Undefined: any. */
  readonly port: number | undefined;
}

/** The rules of a proxy. Without `allow` everything is allowed that `deny` does not name. */
export interface SocksRules {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** Nobody gets to this machine, private networks and the like. */
  readonly publicOnly: boolean;
}

/** The two questions that `socksServer` asks: about what the client said, and about what a name stands for. */
export interface RuleQuestions {
  allow(request: SocksRequest): boolean;
  allowAddress(address: SocksAddress, request: SocksRequest): boolean;
}

/** @throws TypeError for what is no rule. */
export function readRules({ allow, deny, publicOnly }: SocksRules): RuleQuestions {
  const allowed = allow.map(readRule);
  const denied = deny.map(readRule);
  const isAllowed = (host: string, port: number): boolean =>
    allowed.length === 0 || allowed.some((rule) => fits(rule, host, port));
  return {
    allow({ host, port }) {
      if (denied.some((rule) => fits(rule, host, port))) return false;
      // Which addresses a name stands for is not known yet: rules about networks have their say then.
      const isName = parseIp(host) === undefined;
      return isAllowed(host, port) || (isName && allowed.some(({ network }) => network !== undefined));
    },
    allowAddress({ host, port }, request) {
      if (publicOnly && !isPublicAddress(host)) return false;
      if (denied.some((rule) => fits(rule, host, port))) return false;
      return isAllowed(request.host, request.port) || isAllowed(host, port);
    },
  };
}

function readRule(text: string): Rule {
  const found = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}|\*))?$/.exec(text);
  const port = found?.[3] === undefined || found[3] === "*" ? undefined : Number(found[3]);
  if (found === null || (port ?? 0) > 65_535) {
    throw new TypeError(`Cannot understand rule "${text}": want HOST or HOST:PORT, an IPv6 address in brackets`);
  }
  const host = (found[1] ?? found[2] ?? "").toLowerCase();
  const any = { network: undefined, name: undefined, isSuffix: false, port };
  if (host === "*") return any;
  if (found[1] !== undefined || /^[\d./]+$/.test(host)) return { ...any, network: new IpNetwork(host) };
  if (!/^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(host)) {
    throw new TypeError(`Cannot understand rule "${text}": "${host}" is neither a name nor a network`);
  }
  const isSuffix = host.startsWith("*.");
  return { ...any, name: isSuffix ? host.slice(1) : host, isSuffix };
}

function fits({ network, name, isSuffix, port: wanted }: Rule, host: string, port: number): boolean {
  if (wanted !== undefined && wanted !== port) return false;
  if (network !== undefined) {
    const bytes = parseIp(host);
    return bytes !== undefined && network.covers(asIpv4(bytes));
  }
  if (name === undefined) return true;
  const asked = host.toLowerCase().replace(/\.$/, "");
  return isSuffix ? asked.endsWith(name) : asked === name;
}

/** An IPv4 address in IPv6's clothes (::ffff:10.0.0.1) is reached as what it is. */
function asIpv4(bytes: Uint8Array): Uint8Array {
  return bytes.length === 16 && MAPPED.covers(bytes) ? bytes.subarray(12) : bytes;
}

const MAPPED = new IpNetwork("::ffff:0:0/96");
