/** The chat's pages in Chromium, beside people at nc. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, type TestContext, test } from "node:test";
import axe, { type AxeResults } from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { ROOT } from "../../tools/tree.ts";
import { temporaryFolder } from "./support/places.ts";
import { FILE_LIMIT_MS, lacks, type Program, start } from "./support/program.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-proxy-server"];
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };
/** Nobody may come to run these. */
const HOSTILE = [
  "<script>document.title='run'</script>",
  "<img src=x onerror=\"document.title='run'\">",
  "<a href=\"javascript:document.title='run'\">click</a>",
  "</div><iframe srcdoc=\"<script>parent.document.title='run'</script>\">",
  "&lt;b&gt; \u202eright to left",
];

describe("the chat in Chromium", { skip: lacks("nc", CHROMIUM), timeout: 9 * FILE_LIMIT_MS }, () => {
  let launching: Promise<Browser> | undefined;
  after(async () => await (await launching)?.close());

  test("people at nc and with a browser hear one another, on a phone as on a desktop", async (t) => {
    const chat = await openChat(t);
    const ann = person(t, chat, "Ann");
    const dora = await visit(t, chat.url, { viewport: PHONE });
    await enter(dora.page, "Dora");
    const eve = await visit(t, chat.url, { viewport: DESKTOP, colorScheme: "dark" });
    await enter(eve.page, "Eve");
    await ann.out.until("* Dora came");
    await say(dora.page, "hello from a phone");
    await ann.out.until("<Dora> hello from a phone");
    ann.write("hello from a terminal\n");
    for (const { page } of [dora, eve]) {
      await page.locator(".said", { hasText: "hello from a terminal" }).getByText("Ann").waitFor();
      await page.locator(".said", { hasText: "hello from a phone" }).waitFor();
      assert.deepEqual(await page.locator("#people li").allTextContents(), ["Ann", "Dora", "Eve"]);
      await fits(page);
    }
    ann.write("/quit\n");
    await dora.page.locator(".note", { hasText: "Ann left" }).waitFor();
    for (const { complaints } of [dora, eve]) assert.deepEqual(complaints, []);
  });

  test("a name that is taken is refused beside its field", async (t) => {
    const chat = await openChat(t);
    person(t, chat, "Ann");
    const { page } = await visit(t, chat.url);
    await page.getByLabel("Your name").fill("Ann");
    await page.getByLabel("Your name").press("Enter");
    await page.getByRole("alert").filter({ hasText: "Ann is here already." }).waitFor();
    await enter(page, "Anna");
  });

  test("what is said too fast is refused, and stays in its field to be said again", async (t) => {
    const chat = await openChat(t);
    const ann = person(t, chat, "Ann");
    const { page } = await visit(t, chat.url);
    await enter(page, "Dora");
    const say =
      "document.getElementById('text').value = 'again and again'; document.getElementById('say').requestSubmit();";
    await page.evaluate(`for (let count = 0; count < 9; count += 1) { ${say} }`);
    await page.getByRole("alert").filter({ hasText: "too fast" }).waitFor();
    assert.equal(await page.getByLabel("Message", { exact: true }).inputValue(), "again and again");
    await ann.out.until("<Dora> again and again");
  });

  test("the link lets in once; the dashboard shows who is here, announces and kicks, at both widths", async (t) => {
    const chat = await openChat(t);
    const [ann, bob] = [person(t, chat, "Ann"), person(t, chat, "Bob")];
    const { page, complaints } = await visit(t, chat.link);
    assert.equal(page.url(), `${chat.url}dashboard`);
    const rows = page.locator("#people tr");
    for (const name of ["Ann", "Bob"]) await rows.filter({ hasText: name }).getByText("127.0.0.1:").waitFor();
    bob.write("spam\n");
    await page.locator(".said", { hasText: "spam" }).waitFor();
    await rows.filter({ hasText: "Bob" }).getByRole("cell", { name: "1", exact: true }).waitFor();
    await page.getByLabel("Announcement").fill("tea is ready");
    await page.getByRole("button", { name: "Announce" }).click();
    await ann.out.until("* The house: tea is ready");
    await page.getByRole("button", { name: "Kick Bob" }).click();
    await page.getByLabel("Reason").fill("spam");
    await page.getByRole("dialog").getByRole("button", { name: "Kick" }).click();
    await bob.out.until("You were shown the door: spam");
    await ann.out.until("* Bob was shown the door: spam");
    await rows.filter({ hasText: "Bob" }).waitFor({ state: "detached" });
    for (const viewport of [PHONE, DESKTOP]) {
      await page.setViewportSize(viewport);
      await fits(page);
    }
    assert.deepEqual(complaints, []);

    const other = await visit(t, chat.link);
    await other.page.getByText("It takes a link to get in").waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("It takes a link to get in").waitFor();
    chat.program.kill("SIGUSR2");
    const [, link = ""] = await chat.program.out.until(/Log in: [\s\S]*Log in: +(http:\S+)/);
    await page.goto(link);
    await rows.filter({ hasText: "Ann" }).waitFor();
  });

  test("the link lets in somebody who follows it from a page of another site, too", async (t) => {
    const chat = await openChat(t);
    const { page } = await visit(t, chat.url.replace("127.0.0.1", "localhost"));
    await page.evaluate(`location.assign(${JSON.stringify(chat.link)})`);
    await page.getByRole("button", { name: "Log out" }).waitFor();
  });

  test("somebody with a browser who is shown the door reads why, and stays outside until they ask again", async (t) => {
    const chat = await openChat(t);
    const dora = await visit(t, chat.url);
    await enter(dora.page, "Dora");
    const { page } = await visit(t, chat.link);
    await page.getByRole("button", { name: "Kick Dora" }).click();
    await page.getByLabel("Reason").fill("loud");
    await page.getByRole("dialog").getByRole("button", { name: "Kick" }).click();
    await dora.page.getByText("You were shown the door: loud").waitFor();
    await dora.page.getByRole("button", { name: "Enter the room" }).waitFor();
  });

  test("a banner is kept through a restart, and people with a browser come back by themselves", async (t) => {
    const folder = temporaryFolder(t);
    const chat = await openChat(t, folder);
    const dora = await visit(t, chat.url);
    await enter(dora.page, "Dora");
    const { page } = await visit(t, chat.link);
    await page.locator("#status", { hasText: "Live" }).waitFor();
    await page.getByLabel("What newcomers read first").fill("Tea at five\n<b>in the shed</b>");
    await page.getByRole("button", { name: "Hang it up" }).click();
    await page.getByText("It hangs there now").waitFor();
    await dora.page.locator("#banner", { hasText: "Tea at five" }).waitFor();
    assert.equal(readFileSync(`${folder}/chat-banner.txt`, "utf8"), "Tea at five\n<b>in the shed</b>\n");
    chat.program.kill("SIGINT");
    assert.deepEqual(await chat.program.finished(), { code: 0, signal: null });
    await dora.page.locator("#status", { hasText: "Connection lost" }).waitFor();

    const again = await openChat(t, folder, new URL(chat.url).port);
    const ann = person(t, again, "Ann");
    await ann.out.until("Tea at five\r\n<b>in the shed</b>\r\nWelcome");
    await ann.out.until(/\* Dora came|Here: Dora/);
    await dora.page.getByText("You are back.").waitFor();
    assert.equal(await dora.page.locator("#banner").textContent(), "Tea at five\n<b>in the shed</b>");
    await say(dora.page, "still here");
    await ann.out.until("<Dora> still here");
  });

  test("names and messages are text, whatever they look like", async (t) => {
    const chat = await openChat(t);
    const name = "<img src onerror=a()>".slice(0, 20);
    const eve = person(t, chat, name);
    const dora = await visit(t, chat.url);
    await enter(dora.page, "Dora");
    const admin = await visit(t, chat.link);
    await admin.page.locator("#status", { hasText: "Live" }).waitFor();
    for (const text of HOSTILE) eve.write(`${text}\n`);
    await admin.page.getByRole("button", { name: `Kick ${name}` }).waitFor();
    for (const { page, complaints } of [dora, admin]) {
      for (const text of HOSTILE) await page.locator(".said .text").getByText(text, { exact: true }).waitFor();
      assert.equal(await page.locator(".said .name").first().textContent(), name);
      assert.equal(await page.locator("#log :is(script, iframe, a, img, b)").count(), 0);
      assert.doesNotMatch(await page.title(), /run/);
      assert.deepEqual(complaints, []);
    }
    await admin.page.getByRole("button", { name: `Kick ${name}` }).click();
    await admin.page.getByRole("dialog").getByText(name).waitFor();
    await admin.page.getByLabel("Reason").fill(HOSTILE[1] ?? "");
    await admin.page.getByRole("dialog").getByRole("button", { name: "Kick" }).click();
    await dora.page.locator(".note.kicked", { hasText: HOSTILE[1] ?? "" }).waitFor();
    assert.equal(await dora.page.locator("#log img").count(), 0);
  });

  test("the policy is in force: what markup would bring in does not run", async (t) => {
    const chat = await openChat(t);
    const { page, complaints } = await visit(t, chat.url);
    const markup = "<img src='data:,' onerror=\"document.title='run'\"><p style='color:red'>x</p>";
    await page.evaluate(`document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(markup)})`);
    await page.waitForFunction("document.images.length > 1 && document.images[document.images.length - 1].complete");
    assert.doesNotMatch(await page.title(), /run/);
    assert.match(complaints.join("\n"), /inline event handler.*Content Security Policy/);
    assert.match(complaints.join("\n"), /inline style.*Content Security Policy/);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe has nothing against any page, ${colorScheme}`, async (t) => {
      const chat = await openChat(t);
      const dora = await visit(t, chat.url, { viewport: PHONE, colorScheme });
      await pleasesAxe(dora.page);
      await enter(dora.page, "Dora");
      await say(dora.page, "hello");
      await dora.page.locator(".said.own").waitFor();
      const { page } = await visit(t, chat.link, { viewport: DESKTOP, colorScheme });
      await page.getByLabel("What newcomers read first").fill("Tea at five");
      await page.getByRole("button", { name: "Hang it up" }).click();
      await page.getByLabel("Announcement").fill("tea");
      await page.getByRole("button", { name: "Announce" }).click();
      await dora.page.locator(".note.announced").waitFor();
      for (const each of [dora.page, page]) await pleasesAxe(each);
      await page.getByRole("button", { name: "Kick Dora" }).click();
      await pleasesAxe(page);
      const { page: locked } = await visit(t, chat.link, { colorScheme });
      await pleasesAxe(locked);
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
    context.setDefaultTimeout(FILE_LIMIT_MS / 2);
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

interface Chat {
  readonly program: Program;
  readonly terminal: string;
  readonly url: string;
  readonly link: string;
}

async function openChat(t: TestContext, folder: string = temporaryFolder(t), webPort = "0"): Promise<Chat> {
  const places = ["--listen", "tcp:0:interface=127.0.0.1", "--web", `tcp:${webPort}:interface=127.0.0.1`];
  const program = start(t, process.execPath, [`${ROOT}build/examples/chat/main.js`, ...places], { cwd: folder });
  const told = /Chat: +127\.0\.0\.1:(\d+)\nWeb chat: +(\S+)\nDashboard: +\S+\nLog in: +(\S+)/;
  const [, terminal = "", url = "", link = ""] = await program.out.until(told);
  return { program, terminal, url, link };
}

function person(t: TestContext, { terminal }: Chat, name: string): Program {
  const program = start(t, "nc", ["127.0.0.1", terminal]);
  program.write(`${name}\n`);
  return program;
}

async function enter(page: Page, name: string): Promise<void> {
  await page.locator("#status", { hasText: "Connected" }).waitFor();
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Enter the room" }).click();
  await page.getByText(`You are in the room as ${name}.`).waitFor();
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
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
