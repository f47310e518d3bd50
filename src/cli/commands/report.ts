import { extname, join } from "node:path";
import { type Command, Option } from "commander";
import { resumeCommand } from "../../command-line.js";
import { fail, isDisentangleError } from "../../errors.js";
import { writeFileAtomic } from "../../files.js";
import { checkOutput } from "../../outputs.js";
import { addToRun, type FinishedRecord, readRecords, rootOf, type Sweep, sweepOf } from "../../results.js";
import { note, print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle report runs/a
  $ disentangle report runs/tbr runs/shared-head --out comparison.html
  $ disentangle report runs --format md > report.md

A folder counts as all runs in it, up to three levels down.`;

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
      const format = formatOf(options);
      const sweeps: Sweep[] = [];
      for (const dir of dirs) sweeps.push(await sweepOf(dir));
      const finished = sweeps.flatMap((sweep) => sweep.finished);
      const unfinished = sweeps.flatMap((sweep) => sweep.unfinished);
      if (options.out !== undefined) {
        const runs = [...finished, ...unfinished].map((path) => ({ path: rootOf(path), kind: "run" }) as const);
        await checkOutput(options.out, runs);
      }
      const records = await readRecords(finished);
      for (const dir of unfinished)
        note(`left out: the run in ${dir} did not finish; go on with\n  ${resumeCommand(dir)}`);
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
      const [only] = records;
      if (options.out === undefined && records.length === 1 && only !== undefined) {
        await keepReport(only, `report.${format}`, text, options.json);
        return;
      }
      await writeFileAtomic(out, text);
      print(options.json, { out, format, runs: records.length }, () => out);
    });
}

/** Into the run folder; beside it where that is read-only. */
async function keepReport(run: FinishedRecord, name: string, text: string, json: boolean | undefined): Promise<void> {
  const format = name.replace("report.", "");
  let out = join(run.dir, name);
  try {
    await addToRun(run, { [name]: text });
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    out = name;
    await writeFileAtomic(out, text);
    note(`note: ${error.message}; the report is written here instead`);
  }
  print(json, { out, format, runs: 1 }, () => out);
}

const ENDINGS: Readonly<Record<string, Format>> = { ".html": "html", ".htm": "html", ".md": "md", ".json": "json" };

/** Another format than its name says would be a riddle to whoever opens the file. */
function formatOf({ out, format }: { readonly out?: string; readonly format?: Format }): Format {
  if (out === undefined) return format ?? "html";
  const named = ENDINGS[extname(out).toLowerCase()];
  if (named === undefined) {
    fail("CONFIG_USAGE", `--out ${out}: expected a file that ends in .html, .md or .json`, {
      path: "--out",
      hint: "for example --out report.html",
    });
  }
  if (format !== undefined && format !== named) {
    fail("CONFIG_CONFLICT", `--format ${format} beside --out ${out}, which is named as ${named}`, {
      path: "--format",
      hint: `leave --format out, or end the name in .${format}`,
    });
  }
  return named;
}

function defaultFile(dirs: readonly string[], format: Format): string {
  const [only] = dirs;
  return dirs.length === 1 && only !== undefined ? join(only, `report.${format}`) : `report.${format}`;
}
