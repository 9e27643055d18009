import mime from "mime";

/**
 * The value of Content-Type for a file of that name. `types` says what extensions stand for, before the table of `mime` does;
 * in neither: bytes, which browsers save.
 */
export function contentTypeOf(name: string, types: Readonly<Record<string, string>>): string {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  if (Object.hasOwn(types, extension)) return types[extension] as string;
  const type = mime.getType(name) ?? "application/octet-stream";
  // All that is text is UTF-8 by now; what has a way of its own to say so (XML, JSON) is not told.
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}
