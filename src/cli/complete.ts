// Shell completion: what may follow the words of an unfinished command line.
import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";
import { LAYOUT } from "./help.js";

/** Adds `complete`, which prints a shell's script and answers it. All commands of the program have to be defined. */
export function addCompletion(program: Command): void {
  for (const command of program.commands) {
    const help = command.createHelp();
    for (const option of command.options) option.description = help.optionDescription(option);
    // Every flag is offered, also those that the help shows only with their method.
    command.configureHelp(LAYOUT);
  }
  tab(program);
}
