/** The same with a Deferred and with a Promise: when does the link run? */
import { Deferred } from "ropewalk";

const deferred = new Deferred<void>();
deferred.addCallback(() => console.log("- the Deferred's link runs"));
console.log("before the Deferred is fired");
deferred.callback();
console.log("after\n");

let resolve = (): void => {};
const promise = new Promise<void>((fire) => {
  resolve = fire;
}).then(() => console.log("- the Promise's link runs"));
console.log("before the Promise is resolved");
resolve();
console.log("after");

await promise;
