import { stat } from "node:fs/promises";
import { type Command, Option } from "commander";
import { fail } from "../../errors.js";
import { statusOf, whyOf } from "../../sweep/status.js";
import type { ProgramState } from "../command.js";
import { located, readConfigFile } from "../config-file.js";
import { EXIT } from "../exit.js";
import { addRedisOptions } from "../redis-flags.js";
import { outOf, type SweepFlags } from "../sweep-flags.js";
import { statusText, whyText } from "../sweep-text.js";
import { print } from "../terminal.js";
import { wholeNumber } from "../variables.js";

const EXAMPLES = `
Examples:
  $ disentangle sweep steps.yaml --dry-run
  $ disentangle sweep steps.yaml --jobs 4
  $ disentangle sweep steps.yaml --status
  $ disentangle sweep steps.yaml --shard 0/8 --out part-0
  $ disentangle sweep steps.yaml --merge part-0 part-1
  $ disentangle sweep steps.yaml --redis redis://host:6379   (and on any machine: disentangle worker --redis redis://host:6379)

A sweep file has the keys method, metric, parameters, run_cap, early_terminate, seeds, seed and base (docs/sweeps.md).
The same command continues where it stopped: finished trials are not run again.
Exit code 3: a trial failed, or was parked because its process crashed repeatedly.`;

/** `disentangle sweep` */
export function define(command: Command, state: ProgramState): void {
  addRedisOptions(command);
  command
    .argument("<file>", "sweep file (YAML or JSON), or the folder of a sweep for --status and --why")
    .option("--out <dir>", "folder of the sweep (default: sweeps/NAME-OF-FILE)")
    .option(
      "--jobs <count>",
      "fits at once, each in a process of its own (default: 1, and 0 with --redis)",
      wholeNumber(1),
    )
    .option("--dry-run", "list the trials and which of them are done; fit nothing")
    .option("--status", "show the progress; reads the folder of the sweep only")
    .option("--why <trial>", "why a trial counts as new: the key, data or code that differs from the nearest one")
    .addOption(new Option("--retry <state...>", "run trials in these states again").choices(["failed", "parked"]))
    .option("--rerun", "run trials again that other code has computed; keep the old ones")
    .option("--shard <i/n>", "run only part i of n of the trials, counted from 0")
    .option("--merge <dir...>", "add the finished trials of these sweep folders; fit nothing")
    .option("--no-report", "do not write report.html")
    .option("-q, --quiet", "no progress; failures are still reported")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (path: string, flags: SweepFlags) => {
      checkTogether(flags);
      if (flags.status || flags.why !== undefined) {
        await look(await folderOf(path, flags), flags, state);
        return;
      }
      const file = await readConfigFile(path, {
        named: "sweep",
        hint: "name a YAML or JSON file with the keys method, parameters, seeds, base (docs/sweeps.md)",
      });
      try {
        const { act } = await import("../sweep-run.js");
        await act(path, file, flags, state);
      } catch (error) {
        throw located(error, file.places);
      }
    });
}

/** Flags that each say what is to be done. */
const ACTIONS = ["dryRun", "status", "why", "merge"] as const;

function checkTogether(flags: SweepFlags): void {
  const given = ACTIONS.filter((name) => flags[name] !== undefined);
  const named = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (given.length > 1) {
    fail("CONFIG_CONFLICT", `${given.map(named).join(" and ")} ask for different things`, {
      path: named(given[1]!),
      hint: "give one of them",
    });
  }
  if (flags.merge !== undefined && flags.shard !== undefined)
    fail("CONFIG_CONFLICT", "--merge and --shard: what is merged is the whole sweep", {
      path: "--shard",
      hint: "leave --shard out",
    });
}

/** The folder of a sweep: its own path, or that which its file means. */
async function folderOf(path: string, flags: SweepFlags): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? path : outOf(path, flags);
}

async function look(dir: string, { why, json }: SweepFlags, state: ProgramState): Promise<void> {
  if (why !== undefined) {
    const found = await whyOf(dir, why);
    print(json, found, () => whyText(found));
    return;
  }
  const status = await statusOf(dir);
  print(json, status, (style) => statusText(status, style));
  if (status.counts.failed + status.counts.parked > 0) state.exitCode = EXIT.someFailed;
}
