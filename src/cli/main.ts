// The command line: parses, runs one command, turns errors into exit codes.
import { CommanderError } from "commander";
import { errorJson, failure, failuresOf, formatError, isDisentangleError } from "../errors.js";
import { EXIT } from "./exit.js";
import { buildProgram } from "./program.js";
import { note, styleOf } from "./terminal.js";

/** Runs a command line (without node and the script) and returns its exit code. Never throws, never exits. */
export async function main(args: readonly string[]): Promise<number> {
  // `disentangle inspect big.csv | head` closes the pipe early: that is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(EXIT.ok);
  });
  try {
    const state = { exitCode: EXIT.ok as number };
    const program = await buildProgram(args, state);
    await program.parseAsync([...args], { from: "user" });
    return state.exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.ok;
    // Without a command the help has been shown, and nothing was done.
    if (thrown instanceof CommanderError && thrown.code === "commander.help") return EXIT.usage;
    const error = thrown instanceof CommanderError ? usageError(thrown) : thrown;
    if (args.includes("--json")) process.stdout.write(`${JSON.stringify(errorJson(error), null, 2)}\n`);
    note(formatError(error, styleOf(process.stderr)));
    return isUsage(error) ? EXIT.usage : EXIT.failed;
  }
}

/** Whether only the command line or the configuration is to blame; of several failures, whether all are of that kind. */
function isUsage(error: unknown): boolean {
  return isDisentangleError(error) && failuresOf(error).every(({ code }) => code.startsWith("CONFIG_"));
}

function usageError(error: CommanderError): unknown {
  const [message = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const hint = rest.join(" ").replace(/^\((.*)\)$/, "$1");
  const code = error.code === "commander.unknownOption" ? "CONFIG_UNKNOWN_KEY" : "CONFIG_USAGE";
  return failure(code, message, {
    hint: hint === "" ? "`disentangle help COMMAND` shows what there is" : hint.toLowerCase(),
  });
}
