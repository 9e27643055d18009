/** Values go down one side of a chain, errors down the other. */
import { Deferred } from "ropewalk";

function describe(answer: Deferred<string>): void {
  answer
    .addCallback((text) => JSON.parse(text) as { price: number })
    .addCallback(({ price }) => `it costs ${price}`)
    .addErrback((error: Error) => `no price: ${error.name}`) // a value again
    .addBoth((outcome) => {
      console.log("in any case");
      return outcome; // or the next link gets undefined
    })
    .addCallback((text) => console.log(text));
}

for (const text of ['{ "price": 7 }', "out of order"]) {
  const answer = new Deferred<string>();
  describe(answer);
  answer.callback(text);
}
