// Data that are named by paths: one, several, or a pattern.

/** Whether data are named by paths. */
export function isPaths(data: unknown): data is string | readonly string[] {
  return typeof data === "string" || (Array.isArray(data) && data.length > 0 && typeof data[0] === "string");
}

/** What data may be named by. */
interface Named {
  readonly data?: unknown;
  readonly modalities?: Readonly<Record<string, { readonly data?: unknown }>> | undefined;
}

/** All paths that data are named by, those of modalities too. */
export function pathsOfData({ data, modalities = {} }: Named): readonly string[] {
  const all = [data, ...Object.values(modalities).map((one) => one.data)];
  return all.flatMap((one) => (isPaths(one) ? [one].flat() : []));
}
