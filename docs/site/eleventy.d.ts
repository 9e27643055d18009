/** Eleventy 3 carries no types; this is what is used of it. */
declare module "@11ty/eleventy" {
  export default class Eleventy {
    constructor(
      input: string,
      output: string,
      options: { readonly quietMode?: boolean; readonly config?: (settings: never) => void },
    );
    write(): Promise<unknown>;
  }
}
