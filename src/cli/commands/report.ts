import { join } from "node:path";
import { type Command, Option } from "commander";
import { resumeCommand } from "../../command-line.js";
import { writeFileAtomic } from "../../files.js";
import { readRuns, unfinishedRuns } from "../../results.js";
import { note, print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle report runs/a
  $ disentangle report runs/tbr runs/shared-head --out comparison.html
  $ disentangle report runs --format md > report.md

A folder of run folders counts as all of its runs.`;

type Format = "html" | "md" | "json";

/** `disentangle report` */
export function define(command: Command): void {
  command
    .argument("<run...>", "run folders, or folders of run folders")
    .option("--out <file>", "file to write (default: report.html in the run folder, stdout for md and json)")
    .addOption(
      new Option("--format <format>", "format (default: that of --out, or html)").choices(["html", "md", "json"]),
    )
    .option("--title <text>", "heading")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (dirs: string[], options: { out?: string; format?: Format; title?: string; json?: boolean }) => {
      const format = options.format ?? formatOf(options.out);
      const records = (await Promise.all(dirs.map(readRuns))).flat();
      const left = (await Promise.all(dirs.map(unfinishedRuns))).flat();
      for (const dir of left) note(`left out: the run in ${dir} did not finish; go on with\n  ${resumeCommand(dir)}`);
      const { report } = await import("../../report.js");
      const made = await report(records, options.title === undefined ? {} : { title: options.title });
      const text = { html: made.html, md: made.markdown, json: made.json }[format];
      const out =
        options.out ??
        (format === "html" || options.json
          ? defaultFile(
              records.map(({ dir }) => dir),
              format,
            )
          : undefined);
      if (out === undefined) {
        process.stdout.write(text);
        return;
      }
      await writeFileAtomic(out, text);
      print(options.json, { out, format, runs: records.length }, () => out);
    });
}

function formatOf(out: string | undefined): Format {
  if (out?.endsWith(".md")) return "md";
  return out?.endsWith(".json") ? "json" : "html";
}

function defaultFile(dirs: readonly (string | undefined)[], format: Format): string {
  const [only] = dirs;
  return dirs.length === 1 && only !== undefined ? join(only, `report.${format}`) : `report.${format}`;
}
