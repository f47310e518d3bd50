// Commands as people can type them again.
import { flagOf } from "./config-keys.js";
import { isPaths } from "./data/paths.js";

/** The command that repeats a run; for data in memory, the call. */
export function replayCommand(config: Readonly<Record<string, unknown>>): string {
  const { modalities, ...rest } = config;
  const parts = Object.entries((modalities ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>);
  const inMemory = typeof rest.labels === "object";
  const lies = !inMemory && (isPaths(rest.data) || (parts.length > 0 && parts.every(([, { data }]) => isPaths(data))));
  if (!lies) {
    const { data, ...others } = config;
    return `fit({ data, ...${JSON.stringify(others)} })`;
  }
  const words = Object.entries(rest).flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    const flag = flagOf(key);
    if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return [flag, ...value.map(quoted)];
    return [flag, quoted(typeof value === "object" ? JSON.stringify(value) : value)];
  });
  words.push(...modalityWords(parts));
  return ["disentangle fit", ...words].join(" ");
}

/** `--modality rna=rna.csv --modality rna.inputs=...` */
export function modalityWords(parts: readonly (readonly [string, Readonly<Record<string, unknown>>])[]): string[] {
  return parts.flatMap(([name, { data, ...settings }]) => [
    flagOf("modalities"),
    quoted(data === undefined ? name : `${name}=${data}`),
    ...Object.entries(settings).flatMap(([key, value]) =>
      value === undefined ? [] : [flagOf("modalities"), quoted(`${name}.${key}=${value}`)],
    ),
  ]);
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
