import type { Command } from "commander";
import { nearest } from "../../config-keys.js";
import { fail } from "../../errors.js";
import { type ErrorCode, explanations, pages } from "../../generated/errors.js";
import { folded } from "../help.js";
import { print, type Style } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle explain DATA_RAGGED_ROW
  $ disentangle explain tree

The page of a code says what it means, what usually brings it about and what to do. docs/errors.md has all pages.`;

const ALL = Object.keys(explanations) as ErrorCode[];

/** What is known of a code. */
interface Page {
  readonly meaning: string;
  readonly cause: string;
  readonly fix: string;
}

/** `disentangle explain` */
export function define(command: Command): void {
  command
    .argument("[code]", "an error code, or the area it begins with; without it all are listed")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action((code: string | undefined, { json }: { json?: boolean }) => {
      const wanted = (code ?? "").toUpperCase().replaceAll("-", "_");
      const one = ALL.find((name) => name === wanted);
      const found = one === undefined ? codesOf(wanted) : [one];
      if (found.length === 0) {
        const near = nearest(wanted, ALL);
        fail("CONFIG_USAGE", `no error has the code "${code}"`, {
          path: "code",
          hint: near === undefined ? "`disentangle explain` lists all codes" : `did you mean ${near}?`,
        });
      }
      const codes = Object.fromEntries(found.map((name) => [name, pageOf(name)]));
      print(json, { codes }, (style) => (one === undefined ? listText(found) : pageText(one, style)));
    });
}

/** The codes of an area, or all there are. */
function codesOf(area: string): readonly ErrorCode[] {
  return area === "" ? ALL : ALL.filter((name) => name.startsWith(`${area}_`));
}

function pageOf(code: ErrorCode): Page {
  return { meaning: explanations[code], ...pages[code] };
}

/** The page of a code as it is printed. */
export function pageText(code: ErrorCode, { strong }: Pick<Style, "strong">): string {
  const { meaning, cause, fix } = pageOf(code);
  const part = (heading: string, text: string): string => `${strong(heading)}\n${folded(`  ${text}`)}`;
  return [part(code, meaning), part("Causes", cause), part("What to do", fix)].join("\n\n");
}

/** A code to a line; a sentence that is too long goes on below itself. */
function listText(codes: readonly ErrorCode[]): string {
  const width = Math.max(...codes.map((name) => name.length));
  // Lines are folded below their last column where they begin with a blank.
  const lines = codes.map((name) => folded(` ${name.padEnd(width)}  ${explanations[name]}`));
  return lines.map((line) => line.replace(/^ /gm, "")).join("\n");
}
