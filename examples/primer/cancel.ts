/** Giving up: the work is stopped at its source, and whoever waits is told. */
import { Deferred } from "ropewalk";

function download(name: string): Deferred<string> {
  return new Deferred<string>(() => console.log(`${name}: connection closed`));
}

const index = download("index");
const page = index
  .addCallback((link) => download(link)) // the chain waits for this one
  .addCallback((text) => console.log(`read ${text}`)) // never
  .addErrback((error: Error) => console.log(`whoever waits: ${error.name}`));

index.callback("page two");
page.cancel(); // reaches the download that goes on right now
