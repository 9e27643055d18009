/** Calls amp_mean.py, which calls back: `node amp-to-python.ts tcp:127.0.0.1:1234 3 4 8`. */
import { connect, react } from "ropewalk";
import { AmpProtocol, command, Float, Integer, ListOf, Responders } from "ropewalk/amp";

class NoNumbersError extends Error {}

const Mean = command("Mean", {
  arguments: { numbers: ListOf(Float) },
  response: { mean: Float },
  errors: { NO_NUMBERS: NoNumbersError },
});
const Progress = command("Progress", { arguments: { done: Integer, total: Integer } });

// What Python may call here.
const responders = new Responders().respond(Progress, ({ done, total }) => console.log(`${done} of ${total}`));

const [endpoint = "tcp:127.0.0.1:1234", ...numbers] = process.argv.slice(2);

await react(async (reactor, signal) => {
  const python = await connect(reactor, endpoint, () => new AmpProtocol(responders), { signal });
  const answer = python.callRemote(Mean, { numbers: numbers.map(Number) }).addTimeout(5_000, reactor);
  await answer.addCallbacks(
    ({ mean }) => console.log(`mean: ${mean}`),
    (error: Error) => {
      if (!(error instanceof NoNumbersError)) throw error;
      console.log(`Python refuses: ${error.message}`);
    },
  );
});
