/** How both sides agree on permessage-deflate and its four parameters (RFC 7692 §5, §7.1). */
import type { DeflateAgreement, DeflateSettings } from "../codec/deflate.ts";
import type { Extension } from "./extensions.ts";

/** Whether and how to agree on compression, seen from this side. */
export interface DeflateOptions extends DeflateSettings {
  /**
   * What this side sends may refer to its messages before: smaller, at the price of keeping 32 to 48 KiB and of some 60 µs a
   * message. Default false.
   */
  readonly sendTakeover?: boolean | undefined;
  /** The peer may do so, which costs as much memory once it does. Default true. */
  readonly receiveTakeover?: boolean | undefined;
  /** 9 to 15, the window of what is sent, in bytes a power of two. Default 15. */
  readonly sendWindowBits?: number | undefined;
  /** 8 to 15, the same for what is received; a server can ask only those clients for less that offer it. Default 15. */
  readonly receiveWindowBits?: number | undefined;
}

/** What a server answers to the offers, in their order; undefined if it can take none of them. */
export function acceptDeflate(
  offers: readonly Extension[],
  options: DeflateOptions,
): { readonly agreement: DeflateAgreement; readonly answer: Extension } | undefined {
  for (const offer of offers) {
    if (offer.name !== NAME) continue;
    const asked = readParameters(offer, true);
    if (asked === undefined) continue;
    const sendWindowBits = Math.min(options.sendWindowBits ?? 15, asked.serverBits ?? 15);
    const mayLimitClient = asked.clientBits !== undefined;
    const receiveWindowBits = mayLimitClient ? Math.min(options.receiveWindowBits ?? 15, asked.clientBits ?? 15) : 15;
    const agreement: DeflateAgreement = {
      sendTakeover: options.sendTakeover === true && !asked.serverAlone,
      receiveTakeover: options.receiveTakeover !== false && !asked.clientAlone,
      sendWindowBits,
      receiveWindowBits,
    };
    const parameters: [string, string | true][] = [];
    if (!agreement.sendTakeover) parameters.push([SERVER_ALONE, true]);
    if (!agreement.receiveTakeover) parameters.push([CLIENT_ALONE, true]);
    if (asked.serverBits !== undefined || sendWindowBits < 15) parameters.push([SERVER_BITS, String(sendWindowBits)]);
    if (receiveWindowBits < 15) parameters.push([CLIENT_BITS, String(receiveWindowBits)]);
    return { agreement, answer: { name: NAME, parameters } };
  }
  return undefined;
}

/** What a client offers. */
export function offerDeflate(options: DeflateOptions): Extension {
  const { sendWindowBits = 15, receiveWindowBits = 15 } = options;
  const parameters: [string, string | true][] = [[CLIENT_BITS, sendWindowBits < 15 ? String(sendWindowBits) : true]];
  if (options.sendTakeover !== true) parameters.push([CLIENT_ALONE, true]);
  if (options.receiveTakeover === false) parameters.push([SERVER_ALONE, true]);
  if (receiveWindowBits < 15) parameters.push([SERVER_BITS, String(receiveWindowBits)]);
  return { name: NAME, parameters };
}

/** What a server's answer means for the client that offered; a string says what is wrong with it. */
export function agreeDeflate(answer: Extension, options: DeflateOptions): DeflateAgreement | string {
  const told = readParameters(answer, false);
  if (told === undefined) return "its parameters of permessage-deflate are none that a server may answer";
  const { sendWindowBits = 15, receiveWindowBits = 15 } = options;
  if (options.receiveTakeover === false && !told.serverAlone) return "it keeps its context, which was ruled out";
  if ((told.serverBits ?? 15) > receiveWindowBits)
    return `it compresses with a window of ${told.serverBits ?? 15} bits`;
  return {
    sendTakeover: options.sendTakeover === true && !told.clientAlone,
    receiveTakeover: !told.serverAlone,
    sendWindowBits: Math.min(sendWindowBits, told.clientBits ?? 15),
    receiveWindowBits: told.serverBits ?? 15,
  };
}

interface Parameters {
  serverAlone: boolean;
  clientAlone: boolean;
  serverBits: number | undefined;
  /** 15 also for an offer without a number: the client lets the server decide. */
  clientBits: number | undefined;
}

/** Undefined for what RFC 7692 §7 declines: unknown, repeated and malformed parameters. */
function readParameters({ parameters }: Extension, isOffer: boolean): Parameters | undefined {
  const read: Parameters = { serverAlone: false, clientAlone: false, serverBits: undefined, clientBits: undefined };
  const seen = new Set<string>();
  for (const [name, value] of parameters) {
    if (seen.has(name)) return undefined;
    seen.add(name);
    if (name === SERVER_ALONE && value === true) read.serverAlone = true;
    else if (name === CLIENT_ALONE && value === true) read.clientAlone = true;
    else if (name === CLIENT_BITS && value === true && isOffer) read.clientBits = 15;
    else if (value !== true && WINDOW_BITS.test(value) && name === SERVER_BITS) read.serverBits = Number(value);
    else if (value !== true && WINDOW_BITS.test(value) && name === CLIENT_BITS) read.clientBits = Number(value);
    else return undefined;
  }
  return read;
}

export const NAME = "permessage-deflate";
const SERVER_ALONE = "server_no_context_takeover";
const CLIENT_ALONE = "client_no_context_takeover";
const SERVER_BITS = "server_max_window_bits";
const CLIENT_BITS = "client_max_window_bits";
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;
