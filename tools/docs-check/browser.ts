/** The pages in Debian's Chromium: at the width of a phone and of a desk, light and dark. */
import axe, { type AxeResults } from "axe-core";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { tryOut } from "./try-out.ts";

export interface Visit {
  readonly url: string;
  /** At both widths, in both colours, by all rules of axe; or only opened on a phone. */
  readonly closely: boolean;
}

export interface Seen {
  readonly url: string;
  readonly faults: readonly string[];
}

/** Opens every page, a few at a time, and says what is wrong with each as soon as it is known. */
export async function* lookAtAll(base: string, visits: readonly Visit[]): AsyncGenerator<Seen> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    const context = await browser.newContext({ viewport: PHONE, reducedMotion: "reduce" });
    context.setDefaultTimeout(LIMIT_MS);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const queue = [...visits];
    const lanes = await Promise.all(Array.from({ length: LANES }, () => openLane(context, base)));
    const next = (lane: Lane) => {
      const visit = queue.shift();
      return visit === undefined ? undefined : lookAt(lane, base, visit).then((seen) => ({ lane, seen }));
    };
    const running = new Map(lanes.map((lane) => [lane, next(lane)]));
    for (;;) {
      const rest = [...running.values()].filter((work) => work !== undefined);
      if (rest.length === 0) break;
      const { lane, seen } = await Promise.race(rest);
      yield seen;
      running.set(lane, next(lane));
    }
    if (visits.some(({ url }) => url === "index.html"))
      yield { url: "the search box, the switch, the copy buttons", faults: await tryOut(context, base) };
  } finally {
    await browser.close();
  }
}

interface Lane {
  readonly page: Page;
  readonly complaints: string[];
}

async function openLane(context: BrowserContext, base: string): Promise<Lane> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!/^data:/.test(request.url()) && !request.url().startsWith(base))
      complaints.push(`asks elsewhere: ${request.url()}`);
  });
  page.on("requestfailed", (request) => {
    // Chromium asks for the icon at its leisure, and lets go of it when the next page is opened.
    if (request.url().endsWith("/icon.svg") && request.failure()?.errorText === "net::ERR_ABORTED") return;
    complaints.push(`request failed: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  return { page, complaints };
}

async function lookAt({ page, complaints }: Lane, base: string, { url, closely }: Visit): Promise<Seen> {
  complaints.length = 0;
  try {
    await page.setViewportSize(PHONE);
    await page.emulateMedia({ colorScheme: "light" });
    await page.goto(base + url);
    const faults = [...(await faultsOfWidth(page))];
    if (closely) {
      await page.evaluate(axe.source);
      faults.push(...(await faultsOfAxe(page, "on a phone")));
      await page.setViewportSize(DESK);
      faults.push(...(await faultsOfWidth(page)), ...(await faultsOfAxe(page, "on a desk", COLOURS)));
      await page.emulateMedia({ colorScheme: "dark" });
      faults.push(...(await faultsOfAxe(page, "on a desk, dark")));
      // What a phone shows, a desk shows in the same colours: here only the room is another.
      await page.setViewportSize(PHONE);
      faults.push(...(await faultsOfWidth(page)));
    }
    return { url, faults: [...complaints, ...faults] };
  } catch (error) {
    return { url, faults: [...complaints, (error as Error).message] };
  }
}

async function faultsOfWidth(page: Page): Promise<string[]> {
  const [wide, room] = (await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")) as [number, number];
  return wide <= room ? [] : [`scrolls sideways: ${wide} px of ${room}`];
}

async function faultsOfAxe(page: Page, where: string, options: object = QUICK): Promise<string[]> {
  const { violations } = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as AxeResults;
  return violations.map(
    ({ id, help, nodes }) =>
      `axe ${where}: ${id}: ${help}: ${nodes
        .map(({ target }) => target.join(" "))
        .slice(0, 3)
        .join(", ")}`,
  );
}

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-proxy-server"];
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };
const QUICK = { resultTypes: ["violations"] };
/** What another colour scheme can change. */
const COLOURS = { ...QUICK, runOnly: ["color-contrast", "link-in-text-block"] };
const LANES = 3;
/** Against a page that hangs, not against a slow machine. */
const LIMIT_MS = 120_000;
