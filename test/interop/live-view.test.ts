/** The live view of a program that twistd runs, in Chromium. */
import assert from "node:assert/strict";
import { after, describe, type TestContext, test } from "node:test";
import axe, { type AxeResults } from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { ROOT } from "../../tools/tree.ts";
import { ownProgram, temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, start } from "./support/program.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-proxy-server"];
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };

describe("the live view in Chromium", { skip: lacks("nc", CHROMIUM), timeout: 30 * FILE_LIMIT_MS }, () => {
  let launching: Promise<Browser> | undefined;
  after(async () => await (await launching)?.close());

  test("shows services, ports, connections, timers, errors and the log, at both widths", async (t) => {
    const shop = await openShop(t);
    const customer = start(t, "nc", ["127.0.0.1", shop.till]);
    customer.write("tar\n");
    await customer.out.until("ordered tar");
    for (const viewport of [PHONE, DESKTOP]) {
      const { page, complaints } = await visit(t, shop.link, { viewport });
      await live(page);
      assert.equal(page.url(), shop.url);
      assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "shop");
      const states = page.locator("#services .service");
      assert.deepEqual((await states.locator(".name").allTextContents()).slice(0, 3), [
        "shop · Application",
        "front · MultiService",
        "tcp:0:interface=127.0.0.1 · StreamServerService",
      ]);
      assert.equal(await states.locator(".state", { hasText: "running" }).count(), 6);
      const row = page.locator("#connections tr").filter({ hasText: `127.0.0.1:${shop.till}` });
      await row.getByText("Till", { exact: true }).waitFor();
      assert.deepEqual(await row.locator(".layer").allTextContents(), [
        "tcp",
        "CountedProtocol",
        "TimedProtocol",
        "Till",
      ]);
      await row.locator("td").filter({ hasText: /^4 B$/ }).waitFor();
      await page.locator("#ports").getByText(`127.0.0.1:${shop.till}`).waitFor();
      await page.locator("#timers").getByText("live-shop.js").first().waitFor();
      const error = page.locator("#errors details", { hasText: "Unhandled error in Deferred" });
      await error.locator("summary").click();
      await error.getByText("TypeError: no price for <b>rope</b>").waitFor();
      await page.locator("#log p", { hasText: "Order of tar" }).first().waitFor();
      await fits(page);
      assert.deepEqual(complaints, []);
    }
  });

  test("keeps up with what happens", async (t) => {
    const shop = await openShop(t);
    const { page, complaints } = await visit(t, shop.link);
    await live(page);
    await page.getByText("Nobody is connected.").waitFor();
    const customer = start(t, "nc", ["127.0.0.1", shop.till]);
    await page.locator("#connections tr").first().waitFor();
    customer.write("fail\n");
    await page.locator("#errors summary", { hasText: "Cannot write order to disk" }).waitFor();
    await page.locator("#log details", { hasText: "Cannot write order" }).first().waitFor();
    customer.write("fail\nfail\n");
    await page.locator("#errors .when", { hasText: "3 times" }).waitFor();
    customer.kill("SIGTERM");
    await page.getByText("Nobody is connected.").waitFor();
    assert.deepEqual(complaints, []);
  });

  test("switches what the program logs, in its own log too", async (t) => {
    const shop = await openShop(t);
    const { page } = await visit(t, shop.link);
    await live(page);
    await page.getByText("Levels: what the program logs").click();
    await page.getByLabel("Namespace").fill("shop");
    await page.getByLabel("Level", { exact: true }).selectOption("debug");
    await page.getByRole("button", { name: "Set" }).click();
    await page.getByRole("status").filter({ hasText: "shop: debug" }).waitFor();
    const customer = start(t, "nc", ["127.0.0.1", shop.till]);
    customer.write("tar\n");
    await page.locator("#log p", { hasText: "Till heard tar" }).waitFor();
    await shop.program.err.until("[shop.orders#debug] Till heard tar");
    await page.getByLabel("Level of shop").selectOption("warn");
    await page.getByRole("status").filter({ hasText: "shop: warn" }).waitFor();
    customer.write("rope\nfail\n");
    await shop.program.err.until("Cannot write order");
    assert.doesNotMatch(shop.program.err.text, /Order of rope/);
  });

  test("leafs through many connections, and sorts them", async (t) => {
    const shop = await openShop(t);
    const many = `for n in $(seq 40); do (sleep 60) | nc 127.0.0.1 ${shop.till} & done; echo started; wait`;
    const crowd = start(t, "sh", ["-c", many]);
    await crowd.out.until("started");
    const loud = start(t, "nc", ["127.0.0.1", shop.till]);
    loud.write(`${"x".repeat(5_000)}\n`);
    await loud.out.until("ordered x");
    const { page } = await visit(t, shop.link);
    await live(page);
    await page.locator("#connections-pages").getByText("1 to 25 of 41").waitFor();
    await page.locator("#connections-pages").getByRole("button", { name: "On" }).click();
    await page.locator("#connections-pages").getByText("26 to 41 of 41").waitFor();
    await page.getByLabel("Sort").selectOption("Most received");
    await page.locator("#connections tr").first().getByRole("cell", { name: "4.9 KiB" }).first().waitFor();
    crowd.kill("SIGTERM");
  });

  test("waits for a program that is away, and says so when the link does not fit any more", async (t) => {
    const shop = await openShop(t);
    const { page } = await visit(t, shop.link);
    await live(page);
    shop.program.kill("SIGTERM");
    assert.deepEqual(await shop.program.finished(), { code: 0, signal: null });
    await page.locator("#status", { hasText: "Connection lost" }).waitFor();
    const port = new URL(shop.url).port;
    const again = await openShop(t, ["--inspect-port", port]);
    await page.locator("#status", { hasText: "The link does not fit" }).waitFor();
    await page.goto(again.link);
    await live(page);
  });

  test("is locked without the link, with a wrong one, and opened by a link on a page of another site", async (t) => {
    const shop = await openShop(t);
    for (const url of [shop.url, `${shop.url}?token=wrong`]) {
      const { page } = await visit(t, url);
      await page.getByRole("heading", { name: "It takes the link to get in" }).waitFor();
    }
    const { page } = await visit(t, shop.url.replace("127.0.0.1", "localhost"));
    await page.evaluate(`location.assign(${JSON.stringify(shop.link)})`);
    await live(page);
  });

  test("lets no page of another origin in, not even one of this machine with the cookie", async (t) => {
    const [shop, other] = [await openShop(t), await openShop(t)];
    const { page } = await visit(t, shop.link);
    await live(page);
    await page.goto(other.link);
    await live(page);
    const asked = `fetch(${JSON.stringify(`${shop.url}api/snapshot`)}, { credentials: "include", mode: "no-cors" })
      .then((answer) => answer.type, () => "refused")`;
    // The page's own policy refuses it first; the server is asked from a page without one.
    assert.equal(await page.evaluate(asked), "refused");
    const answer = await page.request.get(`${shop.url}api/snapshot`, {
      headers: { Origin: other.url.replace(/\/$/, ""), Authorization: `Bearer ${shop.token}` },
    });
    assert.equal(answer.status(), 403);
  });

  test("the policy is in force: what markup would bring in does not run", async (t) => {
    const shop = await openShop(t);
    const { page, complaints } = await visit(t, shop.link);
    await live(page);
    const markup = "<img src='data:,' onerror=\"document.title='run'\">";
    const insert = `document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(markup)})`;
    await assert.rejects(page.evaluate(insert), /TrustedHTML/);
    assert.match(complaints.join("\n"), /requires 'TrustedHTML'/);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe has nothing against it, ${colorScheme}`, async (t) => {
      const shop = await openShop(t);
      const customer = start(t, "nc", ["127.0.0.1", shop.till]);
      customer.write("fail\n");
      await customer.out.until("ordered fail");
      for (const viewport of [PHONE, DESKTOP]) {
        const { page } = await visit(t, shop.link, { viewport, colorScheme });
        await live(page);
        await page.locator("#connections tr").first().waitFor();
        await pleasesAxe(page);
        await page.getByText("Levels: what the program logs").click();
        await page.locator("#errors summary").first().click();
        await page.locator("#timers summary").first().click();
        await pleasesAxe(page);
        await fits(page);
      }
      const { page } = await visit(t, shop.url, { colorScheme });
      await pleasesAxe(page);
    });
  }

  /** A page, and what its console said against it. */
  async function visit(
    t: TestContext,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; complaints: string[] }> {
    launching ??= chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    const context = await (await launching).newContext(options);
    t.after(() => context.close());
    context.setDefaultTimeout(2 * FILE_LIMIT_MS);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(url);
    return { page, complaints };
  }
});

interface Shop {
  readonly program: Program;
  readonly link: string;
  readonly url: string;
  readonly token: string;
  /** The port that takes orders. */
  readonly till: string;
}

async function openShop(t: TestContext, where: readonly string[] = ["--inspect-port"]): Promise<Shop> {
  const twistd = [`${ROOT}bin/twistd.js`, ...where, "-f", ownProgram("live-shop")];
  const program = start(t, process.execPath, twistd, { env: { XDG_RUNTIME_DIR: temporaryFolder(t) } });
  const [, till = ""] = await program.err.until(/Listening on 127\.0\.0\.1:(\d+)/);
  const [, link = "", url = "", token = ""] = await program.err.until(/Live view at ((http:\S+?)\?token=(\S+))/);
  await program.err.until("Started");
  return { program, link, url, token, till };
}

async function live(page: Page): Promise<void> {
  await page.locator("#status", { hasText: "Live" }).waitFor();
}

/** The rules for what everybody can use: names, roles, landmarks, contrast. */
async function pleasesAxe(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
  assert.deepEqual(violations, []);
}

/** Nothing reaches beyond the screen's width. */
async function fits(page: Page): Promise<void> {
  assert.equal(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0);
}
