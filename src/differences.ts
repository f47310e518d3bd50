// Where two configurations differ, in the form in which the core tells it of checkpoints.

/** One value that is not what it was. */
export interface Difference {
  /** For example `split.train`; `data` for what the data files hold. */
  readonly path: string;
  /** As it was. */
  readonly checkpoint?: unknown;
  readonly now?: unknown;
}

/** Lists where two values differ, objects key by key. */
export function differences(then: unknown, now: unknown, path = ""): readonly Difference[] {
  if (isObject(then) && isObject(now)) {
    const keys = new Set([...Object.keys(then), ...Object.keys(now)]);
    return [...keys].flatMap((key) => differences(then[key], now[key], path === "" ? key : `${path}.${key}`));
  }
  return JSON.stringify(then) === JSON.stringify(now) ? [] : [{ path, checkpoint: then, now }];
}

/** The differing places as a list for people. */
export function pathsOf(found: readonly Difference[]): string {
  return [...new Set(found.map(({ path }) => path))].join(", ");
}

/** Whether a value is an object with keys. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
