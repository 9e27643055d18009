/** `twistd echo`, `discard`, `chargen`, `daytime`, `time` and `qotd`: the services of RFC 862 to 868. */
import type { Reactor } from "../../core/reactor.ts";
import {
  chargenServer,
  daytimeServer,
  discardServer,
  echoServer,
  quoteServer,
  timeServer,
  type WireServer,
} from "../../protocols/wire/server.ts";
import type { MultiService } from "../multi-service.ts";
import { option } from "../option.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import { idleOption, limited, limitOptions, listenOption, type PortLimits, servedOn } from "./ports.ts";

export const echo: Plugin = definePlugin({
  summary: "says back what it hears",
  options: { listen: listenOption("tcp:7"), ...patientOptions(), ...answerOptions() },
  makeService: (values, reactor) => wireService("echo", echoServer(reactor, answerLimits(values)), values, reactor),
});

export const discard: Plugin = definePlugin({
  summary: "takes everything and says nothing",
  options: { listen: listenOption("tcp:9"), ...patientOptions() },
  makeService: (values, reactor) => wireService("discard", discardServer(), values, reactor),
});

export const chargen: Plugin = definePlugin({
  summary: "sends characters, as fast as they are taken",
  options: {
    listen: listenOption("tcp:19"),
    ...patientOptions(),
    ...answerOptions(),
    maxBytes: option.bytes("end a connection after so many", { default: "16M" }),
  },
  makeService: (values, reactor) => {
    const server = chargenServer(reactor, { ...answerLimits(values), maxBytes: values.maxBytes });
    return wireService("chargen", server, values, reactor);
  },
});

export const daytime: Plugin = definePlugin({
  summary: "says the date and the time, for people",
  options: { listen: listenOption("tcp:13"), ...patientOptions(), ...answerOptions() },
  makeService: (values, reactor) =>
    wireService("daytime", daytimeServer(reactor, answerLimits(values)), values, reactor),
});

export const time: Plugin = definePlugin({
  summary: "says the time, for programs: seconds since 1900 in four bytes",
  options: { listen: listenOption("tcp:37"), ...patientOptions(), ...answerOptions() },
  makeService: (values, reactor) => wireService("time", timeServer(reactor, answerLimits(values)), values, reactor),
});

export const qotd: Plugin = definePlugin({
  summary: "says a quote, another one each time",
  options: {
    listen: listenOption("tcp:17"),
    ...patientOptions(),
    ...answerOptions(),
    quote: option.text("a quote", { repeatable: true }),
    file: option.path("quotes, with a line that is % between two"),
  },
  async makeService(values, reactor) {
    const { file, quote } = values;
    const read = file === undefined ? [] : quotesOf(await readQuotes(reactor, file));
    const quotes = [...quote, ...read];
    if (quotes.length === 0) quotes.push(...PROVERBS);
    const pick = (): string => quotes[Math.floor(reactor.random() * quotes.length)] as string;
    return wireService("qotd", quoteServer(reactor, pick, answerLimits(values)), values, reactor);
  },
});

function patientOptions() {
  return { ...limitOptions, idleTimeout: idleOption("10m") };
}

function answerOptions() {
  return {
    maxAnswers: option.count("answers a second by UDP, to all together", { default: 100 }),
  };
}

function answerLimits({ maxAnswers }: { readonly maxAnswers: number }): { readonly maxAnswersPerSecond: number } {
  return { maxAnswersPerSecond: maxAnswers };
}

function wireService(
  name: string,
  server: WireServer,
  values: PortLimits & { readonly listen: readonly string[] },
  reactor: Reactor,
): MultiService {
  // Asked now, so that a limit that is none is found before anything is opened.
  server.datagrams();
  return servedOn(name, values.listen, limited(reactor, server, values), { datagrams: () => server.datagrams() });
}

async function readQuotes(reactor: Reactor, file: string): Promise<string> {
  try {
    return await reactor.files.readText(file);
  } catch (error) {
    throw new Error(`Cannot read quotes from "${file}": ${(error as Error).message}`, { cause: error });
  }
}

function quotesOf(text: string): string[] {
  const quotes = text.split(/^%\r?$/m).map((quote) => quote.trim());
  return quotes.filter((quote) => quote !== "").map((quote) => `${quote}\n`);
}

const PROVERBS = [
  "Many strands make a rope\n",
  "Pull together, or not at all\n",
  "A knot you cannot untie is a mistake\n",
];
