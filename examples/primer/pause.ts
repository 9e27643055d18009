/** A link that gives a Deferred makes the chain wait for it. */
import { Deferred } from "ropewalk";

const name = new Deferred<string>();
const age = new Deferred<number>();

name
  .addCallback((who) => {
    console.log(`${who}: asking for the age`);
    return age.addCallback((years) => `${who} is ${years}`);
  })
  .addCallback((text) => console.log(text));

name.callback("Ann");
console.log(`the chain is ${name.inspect().state}`);
age.callback(42);
