/** Eleventy, as the last step: it writes what was made, copies what is ready, and refuses two things at one address. */
import Eleventy from "@11ty/eleventy";

export interface Output {
  /** Its address in the site, with its ending. */
  readonly url: string;
  readonly text: string;
}

/** Writes docs/dist/. Throws what Eleventy throws: two outputs at one address, a folder that cannot be written. */
export async function write(root: string, outputs: readonly Output[]): Promise<void> {
  const folder = `${root}docs/`;
  process.chdir(folder);
  const eleventy = new Eleventy("site/theme", "dist", {
    quietMode: true,
    config(settings: EleventySettings) {
      settings.setUseGitIgnore(false);
      settings.addPassthroughCopy({
        "site/theme": "assets",
        "build/client/*.js": "assets",
        "node_modules/minisearch/dist/es/index.js": "assets/minisearch.js",
      });
      for (const { url, text } of outputs) {
        settings.addTemplate(`${url}.11ty.js`, { data: { permalink: url }, render: () => text });
      }
    },
  });
  await eleventy.write();
}

/** The part of Eleventy's configuration that is used here; it carries no types. */
interface EleventySettings {
  setUseGitIgnore(use: boolean): void;
  addPassthroughCopy(paths: Readonly<Record<string, string>>): void;
  addTemplate(path: string, template: { readonly data: object; render(): string }): void;
}
