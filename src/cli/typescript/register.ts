import { register } from "node:module";

/** From now on `import` takes TypeScript too. Node 22.18 and later do that themselves. */
export function readTypeScript(): void {
  const { typescript } = process.features as { readonly typescript?: string | false };
  if (!typescript) register("./hooks.js", import.meta.url);
}
