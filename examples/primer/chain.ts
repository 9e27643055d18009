/** A result that comes later, and what is to be done with it. */
import { Deferred } from "ropewalk";

const price = new Deferred<number>();

price
  .addCallback((euros) => euros * 3)
  .addCallback((euros) => `${euros} euros`)
  .addCallback((text) => console.log(text));

console.log("the price was asked for");
price.callback(7); // by whoever knows the answer, once
console.log("the chain has run");
