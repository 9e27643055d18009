export { type ManholeOptions, ManholeService } from "./service.ts";
