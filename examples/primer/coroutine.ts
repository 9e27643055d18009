/** Straight-line code that can be cancelled from outside. */
import { coroutine, Deferred, succeed } from "ropewalk";

function visit(street: Deferred<string>, door: Deferred<void>): Deferred<string> {
  return coroutine(function* () {
    const name = yield* street; // a string, as its type says
    try {
      yield* door; // wait until it opens
      return `tea in ${name}`;
    } finally {
      console.log("going home");
    }
  });
}

const open = succeed();
visit(succeed("Rope Street"), open).addCallback((text) => console.log(text));

const shut = new Deferred<void>(() => console.log("knocking no more"));
const visiting = visit(succeed("Mast Lane"), shut);
visiting.addErrback((error: Error) => console.log(error.name));
visiting.cancel();
