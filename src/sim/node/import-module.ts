/** Loads a module: real input and output, at no cost in virtual time if the scheduler is held meanwhile. */
export async function importModule(specifier: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(specifier)) as Readonly<Record<string, unknown>>;
}
