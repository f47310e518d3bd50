// Modules of our own on threads of their own.
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";

/**
 * Starts a module of the built package on a thread; nothing where there can be none: bundles of one file and the sources have no module
 * for it, and Node's permissions may leave out threads.
 */
export function startThread(script: string, workerData?: unknown): Worker | undefined {
  if (!existsSync(script)) return undefined;
  // What is said of a program that was given as text (`-e`) would be said of the module, too, which is a file.
  const isText = process.execArgv.some((flag) => flag.startsWith("--input-type"));
  try {
    return new Worker(script, { workerData, ...(isText && { execArgv: [] }) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_ACCESS_DENIED") return undefined;
    throw error;
  }
}
