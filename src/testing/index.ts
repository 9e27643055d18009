export { Clock, type ClockCall, type ClockOptions } from "./clock.ts";
