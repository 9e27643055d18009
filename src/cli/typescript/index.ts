/**
 * `node --import ropewalk/typescript echo.ts`: from then on `import` takes TypeScript too, its types stripped and its lines where
 * they were. Only for Node 20 and the first releases of 22: since 22.18 Node does that by itself, and this does nothing.
 */
import { readTypeScript } from "./register.ts";

readTypeScript();
