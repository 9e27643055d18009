/** What a reader does to the site: searches, switches the theme, copies code. */
import type { BrowserContext, Page } from "playwright-core";

/** What did not work. */
export async function tryOut(context: BrowserContext, base: string): Promise<string[]> {
  const page = await context.newPage();
  const faults: string[] = [];
  for (const [name, step] of Object.entries(STEPS)) {
    try {
      const fault = await step(page, base);
      if (fault !== undefined) faults.push(`${name}: ${fault}`);
    } catch (error) {
      faults.push(`${name}: ${(error as Error).message}`);
    }
  }
  await page.close();
  return faults;
}

const STEPS: Readonly<Record<string, (page: Page, base: string) => Promise<string | undefined>>> = {
  async "searching a word, from a page that is deep down"(page, base) {
    await page.goto(`${base}reference/web/index.html`);
    await page.keyboard.press("/");
    await page.getByRole("searchbox").fill("backpressure");
    await page.locator(".search li a").first().waitFor();
    const found = await page.locator(".search li a").count();
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => !url.pathname.endsWith("/reference/web/index.html"));
    return found > 1 ? undefined : `only ${found} found`;
  },
  async "searching an exported name"(page, base) {
    await page.goto(`${base}index.html`);
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("searchbox").fill("deferLater");
    await page.locator(".search li a strong").first().waitFor();
    const name = await page.locator(".search li a strong").first().textContent();
    return name === "deferLater" ? undefined : `"${name}" comes first`;
  },
  async "searching what is not there"(page) {
    await page.getByRole("searchbox").fill("zzzzqqqq");
    await page.getByRole("status").filter({ hasText: "Nothing about" }).waitFor();
    return undefined;
  },
  async "switching the theme, which the next page keeps"(page, base) {
    await page.emulateMedia({ colorScheme: "light" });
    await page.goto(`${base}index.html`);
    const colour = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await colour();
    const button = page.locator("#theme");
    await button.click();
    await button.click();
    const dark = await colour();
    await page.goto(`${base}llms.txt`);
    await page.goto(`${base}reactor.html`);
    const kept = await colour();
    await button.click();
    const back = await colour();
    return light !== dark && dark === kept && back === light ? undefined : `${light}, ${dark}, ${kept}, ${back}`;
  },
  async "copying code"(page, base) {
    await page.goto(`${base}deferreds.html`);
    const figure = page.locator("figure.code").first();
    await figure.getByRole("button", { name: "Copy" }).click();
    await figure.getByRole("button", { name: "Copied" }).waitFor();
    const copied = (await page.evaluate("navigator.clipboard.readText()")) as string;
    const shown = await figure.locator("code").textContent();
    return copied === shown && copied.includes("import") ? undefined : `got ${JSON.stringify(copied)}`;
  },
  async "opening the list of pages on a phone"(page, base) {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${base}deferreds.html`);
    const link = page.getByRole("navigation", { name: "All pages" }).getByRole("link", { name: "Endpoints" }).first();
    if (await link.isVisible()) return "it is there before anybody asks for it";
    await page.getByRole("button", { name: "Menu" }).click();
    await page
      .getByRole("navigation", { name: "All pages" })
      .getByRole("link", { name: "Deferreds" })
      .first()
      .waitFor();
    return undefined;
  },
};
