import type { Files } from "../core/files.ts";
import { Later } from "../core/later.ts";

const files: Later<typeof import("./files.ts")> = new Later(() => import("./files.ts"));

/** The files of the system, by code that is loaded with the first of them. */
export const laterFiles: Files = {
  read: (path) => files.use(({ nodeFiles }) => nodeFiles.read(path)),
  readText: (path) => files.use(({ nodeFiles }) => nodeFiles.readText(path)),
  write: (path, data, options) => files.use(({ nodeFiles }) => nodeFiles.write(path, data, options)),
  append: (path, data) => files.use(({ nodeFiles }) => nodeFiles.append(path, data)),
  sync: (path) => files.use(({ nodeFiles }) => nodeFiles.sync(path)),
  open: (path, options) => files.use(({ nodeFiles }) => nodeFiles.open(path, options)),
  create: (path, options) => files.use(({ nodeFiles }) => nodeFiles.create(path, options)),
  stat: (path, options) => files.use(({ nodeFiles }) => nodeFiles.stat(path, options)),
  realPath: (path) => files.use(({ nodeFiles }) => nodeFiles.realPath(path)),
  list: (path) => files.use(({ nodeFiles }) => nodeFiles.list(path)),
  rename: (from, to) => files.use(({ nodeFiles }) => nodeFiles.rename(from, to)),
  remove: (path) => files.use(({ nodeFiles }) => nodeFiles.remove(path)),
  makeDirectory: (path) => files.use(({ nodeFiles }) => nodeFiles.makeDirectory(path)),
};
