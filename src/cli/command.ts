// What every command is made of.
import type { Command } from "commander";

/** What a command module exports. */
export interface CommandModule {
  /** Adds arguments, options, help and the action. */
  define(command: Command, state: ProgramState): void | Promise<void>;
}

/** What a command leaves behind. */
export interface ProgramState {
  exitCode: number;
}
