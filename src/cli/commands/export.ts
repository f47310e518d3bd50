import { basename, dirname, extname, join } from "node:path";
import { type Command, Option } from "commander";
import { fail } from "../../errors.js";
import { EXPORT_FORMATS, type ExportedFile, type ExportFormat, exportModel } from "../../export/index.js";
import { latexOf } from "../../export/latex.js";
import { sendToMlflow } from "../../export/mlflow.js";
import { writeFileAtomic } from "../../files.js";
import { load } from "../../model.js";
import { checkOutput } from "../../outputs.js";
import { readRun, readRuns, runFolders } from "../../results.js";
import { note, print } from "../terminal.js";

const EXAMPLES = `
Examples:
  $ disentangle export runs/a --out model.onnx
  $ disentangle export runs/a --out model.safetensors
  $ disentangle export runs/tbr runs/shared-head --out table.tex
  $ disentangle export runs/a --format tensorboard --out logs
  $ disentangle export runs/a --format mlflow --out http://localhost:5000 --experiment cells

Format, and the ending of --out that names it:
  onnx         .onnx         inputs to latents, opset 17; with a decoder also NAME-decoder.onnx, latents to inputs
  safetensors  .safetensors  every tensor, and NAME.json, which says how encoder and decoder use them
  graphml      .graphml      the causal graph of the method; of other methods the one that PC finds on the latents
  dot          .dot          the same for Graphviz
  latex        .tex          scores of one or several runs as a booktabs table
  card         .md           a model card
  tensorboard                a folder for --out, into which an event file with the loss curves goes
  mlflow                     the address of a tracking server for --out; MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, are sent to it where they are set`;

type Format = ExportFormat | "mlflow";
const FORMATS: readonly Format[] = [...EXPORT_FORMATS, "mlflow"];

interface Flags {
  readonly format?: Format;
  readonly out: string;
  readonly experiment?: string;
  readonly json?: boolean;
}

/** `disentangle export` */
export function define(command: Command): void {
  command
    .argument("<run...>", "run folder; for latex several, or folders of run folders")
    .requiredOption("--out <path>", "file or folder to write, or address to send to")
    .addOption(new Option("--format <format>", "format (default: that of --out)").choices(FORMATS))
    .option("--experiment <name>", "mlflow: experiment to log to (default: disentangle)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (dirs: string[], flags: Flags) => {
      const { out, experiment, json } = flags;
      const format = formatOf(flags);
      if (experiment !== undefined && format !== "mlflow") {
        fail(
          "CONFIG_CONFLICT",
          `--experiment ${experiment}: only mlflow has experiments, and the format is ${format}`,
          {
            path: "--experiment",
            hint: "leave it out, or add --format mlflow",
          },
        );
      }
      if (format === "latex") {
        await checkOutput(out, (await Promise.all(dirs.map(runFolders))).flat().map(asRun));
        const records = (await Promise.all(dirs.map(readRuns))).flat();
        await writeFileAtomic(out, latexOf(records));
        print(json, { format, files: [out], runs: records.length }, () => out);
        return;
      }
      const [dir, ...more] = dirs;
      if (dir === undefined || more.length > 0) {
        return fail("CONFIG_USAGE", `--format ${format}: expected one run, got ${dirs.length}`, {
          path: "--format",
          hint: "name one run folder; only latex puts several into one file",
        });
      }
      if (format === "mlflow") return send(dir, flags);
      await using model = await load(dir);
      const files = placed(await exportModel(model, format), format, out);
      for (const { path } of files) await checkOutput(path, [asRun(dir)]);
      for (const { path, content } of files) await writeFileAtomic(path, content);
      const paths = files.map(({ path }) => path);
      print(json, { format, files: paths }, () => paths.join("\n"));
    });
}

const asRun = (path: string) => ({ path, kind: "run" }) as const;

async function send(dir: string, { out, experiment, json }: Flags): Promise<void> {
  const headers = credentials(process.env);
  const made = await sendToMlflow(await readRun(dir), {
    url: out,
    ...(experiment !== undefined && { experiment }),
    ...(headers !== undefined && { headers }),
  });
  const { runId, metrics, params, leftOut } = made;
  if (leftOut.length > 0) note(`left out, too long for MLflow: ${leftOut.join(", ")}`);
  print(json, { format: "mlflow", ...made }, () => `MLflow run ${runId}: ${params} parameters, ${metrics} metrics`);
}

/** As MLflow's own clients read them. */
function credentials(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> | undefined {
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password } = env;
  if (token) return { authorization: `Bearer ${token}` };
  return user && password
    ? { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` }
    : undefined;
}

const ENDINGS: Readonly<Record<string, Format>> = {
  ".onnx": "onnx",
  ".safetensors": "safetensors",
  ".graphml": "graphml",
  ".dot": "dot",
  ".gv": "dot",
  ".tex": "latex",
  ".md": "card",
};

function formatOf({ format, out }: Flags): Format {
  const named = ENDINGS[extname(out).toLowerCase()];
  if (format === undefined) {
    return (
      named ??
      fail("CONFIG_USAGE", `--out ${out}: its ending names no format`, {
        path: "--out",
        hint: `name the format: --format ${FORMATS.join(" | ")}`,
      })
    );
  }
  if (named !== undefined && named !== format && format !== "tensorboard" && format !== "mlflow") {
    fail("CONFIG_CONFLICT", `--format ${format} beside --out ${out}, which is named as ${named}`, {
      path: "--format",
      hint: "leave --format out, or give the file another ending",
    });
  }
  return format;
}

interface Placed {
  readonly path: string;
  readonly content: ExportedFile["content"];
}

/** The first file takes the name that was given, what belongs to it stands beside it under that name. */
function placed(files: readonly ExportedFile[], format: ExportFormat, out: string): readonly Placed[] {
  if (format === "tensorboard") return files.map(({ name, content }) => ({ path: join(out, name), content }));
  const stem = basename(out, extname(out));
  return files.map(({ name, content }, i) => ({
    path: i === 0 ? out : join(dirname(out), name.replace(/^model/, stem)),
    content,
  }));
}
