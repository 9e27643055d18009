import { Command } from "../commander.ts";
import { declareOptions, type TwistdOptions, withPort } from "./options.ts";

/** The command `twistd`, which is also `ropewalk run`. What it does is loaded when it is done. */
export function twistdCommand(name: string, done: (status: number) => void): Command {
  const command = new Command(name)
    .summary("run a service: a plug-in, or a module of yours")
    .description("Runs a service until it is told to stop: one of the plug-ins below, or with -f a module of yours.")
    .usage(
      "[options] PLUGIN [plug-in's options]\n       twistd [options] -f MODULE [-- arguments]".replace("twistd", name),
    )
    .argument("[words...]")
    .passThroughOptions()
    .helpOption(false)
    .option("-h, --help", "show this, with all plug-ins; after PLUGIN, show the plug-in's options")
    .showHelpAfterError(`(${name} --help tells more)`);
  declareOptions(command);
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (words) => parseOptions(withPort(words));
  command.action(async (words: readonly string[], options: TwistdOptions) => {
    const { twistd } = await import("./twistd.ts");
    done(await twistd(command, options, words));
  });
  return command;
}
