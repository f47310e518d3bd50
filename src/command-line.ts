// Commands as people can type them again.
import { flagOf } from "./config-keys.js";
import { isPaths } from "./data/paths.js";

/** The command that repeats a run; for data in memory, the call. */
export function replayCommand(config: Readonly<Record<string, unknown>>): string {
  if (!isPaths(config.data)) {
    const { data, ...rest } = config;
    return `fit({ data, ...${JSON.stringify(rest)} })`;
  }
  const words = Object.entries(config).flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    const flag = flagOf(key);
    if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return [flag, ...value.map(quoted)];
    return [flag, quoted(typeof value === "object" ? JSON.stringify(value) : value)];
  });
  return ["disentangle fit", ...words].join(" ");
}

/** The command that goes on with an interrupted run. */
export function resumeCommand(dir: string): string {
  return `disentangle fit --resume ${quoted(dir)}`;
}

/** A word as a shell reads it. */
export function quoted(value: unknown): string {
  const text = String(value);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
