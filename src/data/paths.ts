// Data that are named by paths: one, several, or a pattern.

/** Whether data are named by paths. */
export function isPaths(data: unknown): data is string | readonly string[] {
  return typeof data === "string" || (Array.isArray(data) && data.length > 0 && typeof data[0] === "string");
}
