export { Logger } from "./core/log.ts";
