import { checkArgument, checkParts, type Kind, TEXT } from "../arguments.js";
import { failure } from "../errors.js";
import { latentGraph } from "../graph.js";
import { graphText } from "../graph-text.js";
import type { Model } from "../model.js";
import { latentSilence } from "../silence.js";
import type { MlflowOptions, MlflowRun } from "./mlflow.js";
import type { PlainModel } from "./plain-model.js";

export type { MlflowOptions, MlflowRun };

/** A format of `exportModel`. */
export type ExportFormat = "onnx" | "safetensors" | "graphml" | "dot" | "latex" | "tensorboard" | "card";

/** All formats of `exportModel`. */
export const EXPORT_FORMATS: readonly ExportFormat[] = [
  "onnx",
  "safetensors",
  "graphml",
  "dot",
  "latex",
  "tensorboard",
  "card",
];

/** A file that is not yet written. */
export interface ExportedFile {
  /** A name for it, such as `model.onnx`. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

/**
 * A model for other programs, as the content of files; where they go is yours to say. One format gives one or two files:
 *
 * - `onnx`: `model.onnx`, from inputs to latents, and with a decoder `model-decoder.onnx`, from latents to inputs, both in the units of
 *   the data: standardization is part of the graph. Opset 17. Columns are by position; their names stand in the metadata
 * - `safetensors`: `model.safetensors` with every tensor, and `model.json`, which says how encoder and decoder use them
 * - `graphml`, `dot`: the causal graph that the method found; of other methods the one that PC finds on the latents
 * - `latex`: the scores as a booktabs table
 * - `tensorboard`: the loss curves as an event file
 * - `card`: a model card in Markdown
 *
 * @throws `MODEL_NOT_EXPORTABLE` for a method whose encoder is neither a network nor a linear map, `MODEL_CLOSED`
 *
 * @example
 * ```ts
 * import { writeFile } from "node:fs/promises";
 * import { exportModel, type Model } from "disentangle";
 * const save = async (model: Model) => {
 *   for (const { name, content } of await exportModel(model, "onnx")) await writeFile(name, content);
 * };
 * ```
 */
export async function exportModel(model: Model, format: ExportFormat): Promise<readonly ExportedFile[]> {
  checkModel(model);
  // What writes a format is loaded where it is asked for, and the model is asked first: it may be closed meanwhile.
  switch (format) {
    case "onnx":
      return onnxFiles(model, await model.plain());
    case "safetensors": {
      const plain = await model.plain();
      const { safetensorsOf } = await import("./safetensors.js");
      return [
        { name: "model.safetensors", content: safetensorsOf(plain.tensors, metadataOf(model)) },
        { name: "model.json", content: `${JSON.stringify(descriptionOf(model, plain), null, 2)}\n` },
      ];
    }
    case "graphml":
    case "dot":
      return [{ name: `graph.${format}`, content: graphText(await graphOf(model), format) }];
    case "latex": {
      const record = model.record();
      const { latexOf } = await import("./latex.js");
      return [{ name: "table.tex", content: latexOf([record]) }];
    }
    case "tensorboard": {
      const time = new Date(model.manifest.createdAt);
      const [{ pointsOf }, { eventFile, eventFileName }] = await Promise.all([
        import("./curves.js"),
        import("./tensorboard.js"),
      ]);
      return [{ name: eventFileName(time), content: eventFile(pointsOf(model.history), time) }];
    }
    case "card": {
      const record = model.record();
      const { cardOf } = await import("./card.js");
      return [{ name: "README.md", content: cardOf(model, record) }];
    }
    default:
      throw failure(
        "CONFIG_OUT_OF_RANGE",
        `format: ${JSON.stringify(format)} is not one of ${EXPORT_FORMATS.join(", ")}`,
        {
          path: "format",
          hint: `choose one of ${EXPORT_FORMATS.join(", ")}`,
        },
      );
  }
}

/**
 * Sends a run to an MLflow tracking server, as a run of its own: the configuration as parameters, loss curves and scores as metrics.
 * Nothing is sent but to the address that you give. Where the server refuses a part, the run is deleted there again.
 *
 * @throws `EXPORT_REFUSED` where the server cannot be reached or refuses, `MODEL_CLOSED`
 *
 * @example
 * ```ts
 * import { logToMlflow, type Model } from "disentangle";
 * const send = (model: Model) => logToMlflow(model, { url: "http://localhost:5000", experiment: "cells" });
 * ```
 */
export async function logToMlflow(model: Model, options: MlflowOptions): Promise<MlflowRun> {
  checkModel(model);
  checkParts("options", options ?? {}, { url: TEXT }, 'for example { url: "http://localhost:5000" }');
  const record = model.record();
  const { sendToMlflow } = await import("./mlflow.js");
  return sendToMlflow(record, options);
}

/** What is asked of a model here. Its class is not imported: it would bring the addon's reader along. */
const MODEL: Kind = {
  expected: "a model",
  is: (value) => ["record", "plain"].every((name) => typeof Object(value)[name] === "function"),
};

function checkModel(model: unknown): void {
  checkArgument("model", model, MODEL, "give what `fit(...).result` or `load` gave");
}

async function onnxFiles(model: Model, plain: PlainModel): Promise<readonly ExportedFile[]> {
  const { onnxOf } = await import("./onnx.js");
  const { info } = model;
  const card = {
    method: info.method,
    version: info.version,
    inputs: info.views?.at(-1)?.end ?? info.inputs.length,
    latents: info.latents.length,
    metadata: metadataOf(model),
  };
  const files = [{ name: "model.onnx", content: onnxOf("encoder", plain, card) }];
  return plain.layers.decodes
    ? [...files, { name: "model-decoder.onnx", content: onnxOf("decoder", plain, card) }]
    : files;
}

/** What a file says of its model, in words: formats that hold numbers alone have a place for that. */
function metadataOf({ info, manifest }: Model): Readonly<Record<string, string>> {
  return {
    method: info.method,
    version: info.version,
    runId: manifest.runId,
    fingerprint: info.fingerprint,
    inputs: JSON.stringify(info.inputs),
    latents: JSON.stringify(info.latents),
  };
}

function descriptionOf({ info, manifest }: Model, { layers, tensors }: PlainModel): object {
  return {
    format: 1,
    ...info,
    runId: manifest.runId,
    ...layers,
    tensors: tensors.map(({ name, shape, data }) => ({ name, shape, dtype: `F${8 * data.BYTES_PER_ELEMENT}` })),
  };
}

async function graphOf({ summary, latents }: Model): Promise<Parameters<typeof graphText>[0]> {
  if (summary.graph !== undefined) return summary.graph;
  const silent = summary.silence === undefined ? undefined : (await latentSilence(latents, summary)).silent;
  return latentGraph(latents, silent === undefined ? {} : { silent });
}
