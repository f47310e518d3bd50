// The command line: parses, runs one command, turns errors into exit codes.
import { setImmediate } from "node:timers";
import { CommanderError } from "commander";
import { retiredKey } from "../config-keys.js";
import { DisentangleError, errorJson, failure, failuresOf, formatError, isDisentangleError } from "../errors.js";
import { reasonOf } from "../files.js";
import { EXIT } from "./exit.js";
import { buildProgram, COMMANDS, commandLike } from "./program.js";
import { bytes, duration, note, styleOf } from "./terminal.js";

/** Runs a command line (without node and the script) and returns its exit code. Never throws, never exits. */
export async function main(args: readonly string[]): Promise<number> {
  let refused: NodeJS.ErrnoException | undefined;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // `disentangle inspect big.csv | head` closes the pipe early: that is no error, and changes no exit code.
    if (error.code !== "EPIPE") refused ??= error;
  });
  // Whatever becomes of the terminal or the file that the progress goes to: that is no reason to lose a training.
  process.stderr.on("error", () => {});
  const code = await execute(args);
  await flushed(process.stdout);
  if (refused === undefined) return code;
  const { what, hint } = reasonOf(refused);
  note(
    formatError(
      failure("FILE_WRITE", `cannot write the output: ${what}`, { hint, cause: refused }),
      styleOf(process.stderr),
    ),
  );
  return code === EXIT.ok ? EXIT.failed : code;
}

/** All that has been written has arrived, or will not. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.closed) resolve();
    // An error is also told as an event, a turn later.
    else stream.write("", () => setImmediate(resolve));
  });
}

async function execute(args: readonly string[]): Promise<number> {
  const isVerbose = args.includes("--verbose");
  try {
    const [first, asked] = args;
    // Commander shows the general help for what it does not know.
    if (first === "help" && asked !== undefined && !asked.startsWith("-")) refuseUnknownCommand(asked);
    const state = { exitCode: EXIT.ok as number };
    const program = await buildProgram(args, state);
    await program.parseAsync([...args], { from: "user" });
    return state.exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.ok;
    // Without a command the help has been shown, and nothing was done.
    if (thrown instanceof CommanderError && thrown.code === "commander.help") return EXIT.usage;
    const error = thrown instanceof CommanderError ? usageError(thrown, args) : thrown;
    if (args.includes("--json")) process.stdout.write(`${JSON.stringify(errorJson(error), null, 2)}\n`);
    note(formatError(error, styleOf(process.stderr)));
    if (isVerbose) note(originOf(error));
    return isUsage(error) ? EXIT.usage : EXIT.failed;
  } finally {
    if (isVerbose)
      note(`${duration(performance.now())}, at most ${bytes(process.resourceUsage().maxRSS * 1024)} of memory`);
  }
}

/** The stack of an error, and of those that caused it. */
function originOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\ncaused by ${originOf(error.cause)}`;
}

function refuseUnknownCommand(word: string): void {
  if (COMMANDS.some(({ name }) => name === word) || word === "complete" || word === "help") return;
  throw unknownCommand(word);
}

function unknownCommand(word: string): DisentangleError {
  return failure("CONFIG_USAGE", `there is no command ${word}`, {
    hint: commandLike(word) ?? "`disentangle help` lists the commands",
  });
}

/** Whether only the command line or the configuration is to blame; of several failures, whether all are of that kind. */
function isUsage(error: unknown): boolean {
  return isDisentangleError(error) && failuresOf(error).every(({ code }) => code.startsWith("CONFIG_"));
}

function usageError(error: CommanderError, args: readonly string[]): unknown {
  const [message = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const near = rest
    .join(" ")
    .replace(/^\((.*)\)$/, "$1")
    .toLowerCase();
  const unknown = error.code === "commander.unknownCommand" ? /'(.+?)'/.exec(message)?.[1] : undefined;
  if (unknown !== undefined) return unknownCommand(unknown);
  const command = args.find((word) => COMMANDS.some(({ name }) => name === word));
  const code = error.code === "commander.unknownOption" ? "CONFIG_UNKNOWN_KEY" : "CONFIG_USAGE";
  const flag = /'(--?[\w-]+)/.exec(message)?.[1];
  const retired = code === "CONFIG_UNKNOWN_KEY" ? retiredKey(flag?.replace(/^--/, "") ?? "") : undefined;
  if (retired !== undefined)
    return new DisentangleError({ ...retired, message: `${flag}: the flag is retired`, path: flag ?? "" });
  return failure(code, message, {
    path: flag,
    hint: near === "" ? `\`disentangle help${command === undefined ? "" : ` ${command}`}\` shows what there is` : near,
  });
}
