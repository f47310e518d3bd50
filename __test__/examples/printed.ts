// What a command printed beside what a document shows of it. Words are compared as they are, numbers within a tolerance: processors
// round differently. Times are passed over. A line `...` stands for any number of lines, `...` at the end of a line for its rest.

/** Numbers agree when they differ by less than a fiftieth, or by less than 0.02. */
const RELATIVE = 0.02;
const ABSOLUTE = 0.02;

/** The first line that a document shows and a command did not print, with what it printed there; undefined where there is none. */
export function missingLine(shown: string, printed: string): string | undefined {
  const lines = words(printed);
  let next = 0;
  let skips = false;
  for (const line of words(shown)) {
    if (line === "...") {
      skips = true;
      continue;
    }
    const at = lines.findIndex((one, i) => i >= next && (skips || i === next) && same(line, one));
    if (at < 0) return `"${line}", but it prints "${lines[next] ?? "nothing more"}"`;
    next = at + 1;
    skips = false;
  }
  return skips || next === lines.length ? undefined : `the end, but it goes on with "${lines[next]}"`;
}

const NUMBER = /-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/g;

function words(text: string): readonly string[] {
  const lines = text.replaceAll(/\d[\d.]* (?:ms|s|min)\b(?: \d[\d.]* s\b)?/g, "TIME").split("\n");
  return lines.map((line) => line.trim().replaceAll(/\s+/g, " ")).filter((line) => line !== "");
}

function same(shown: string, printed: string): boolean {
  const numbers = printed.match(NUMBER) ?? [];
  const beginning = shown.endsWith("...") ? shown.slice(0, -3).trimEnd() : undefined;
  const expected = (beginning ?? shown).match(NUMBER) ?? [];
  const [wanted = "", got = ""] = [beginning ?? shown, printed].map((line) => line.replaceAll(NUMBER, "#"));
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= Math.max(ABSOLUTE, RELATIVE * Math.abs(a));
  return (
    (beginning === undefined ? wanted === got : got.startsWith(wanted)) &&
    expected.every((number, i) => near(Number(number), Number(numbers[i])))
  );
}
