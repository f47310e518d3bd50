// Runs the demo: every fit into a run folder, all of them into one report.
import { join } from "node:path";
import { writeFileAtomic } from "../files.js";
import { fit } from "../fit.js";
import type { Scores } from "../generated/types.js";
import type { Model } from "../model.js";
import { moments } from "../moments.js";
import { type Agreement, report } from "../report.js";
import { score } from "../score.js";
import type { Chapter, DemoRun } from "./chapter.js";
import { chapters } from "./chapters.js";

/** One line of the demo's table: a method on a data set, over its seeds. */
export interface DemoRow {
  readonly dataset: string;
  readonly method: string;
  readonly seeds: number;
  /** Mean and standard deviation over seeds; null where there is no truth. */
  readonly mcc: { readonly mean: number; readonly sd: number } | null;
  /** Mean of the rotation null: what latents score that span the right space but mix the axes. */
  readonly rotation: number | null;
  /** Test error as a share of that of predicting the mean; null without a target. */
  readonly error: { readonly mean: number; readonly sd: number } | null;
}

/** What a run says of itself that its score does not show. */
export interface DemoNote {
  readonly dataset: string;
  readonly text: string;
}

/** What the demo leaves behind. */
export interface DemoResult {
  readonly report: string;
  readonly rows: readonly DemoRow[];
  readonly notes: readonly DemoNote[];
  readonly agreement: readonly Agreement[];
}

/** Fits everything, two at a time, and writes `dir/<run>/` and `dir/report.{html,md,json}`. */
export async function runDemo(dir: string, seeds: readonly number[], say: (line: string) => void): Promise<DemoResult> {
  const planned = await chapters(seeds);
  const queue = planned.flatMap(({ runs, scored }) => runs.map((run) => ({ run, scored })));
  const models = new Map<string, Model>();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let one = queue[next++]; one !== undefined; one = queue[next++]) {
      const { run, scored } = one;
      models.set(run.id, await fitted(run, scored, dir));
      say(`${String(models.size).padStart(2)} of ${queue.length}  ${run.config.data.name}: ${run.config.method}`);
    }
  };
  // Two fits at a time, each on a thread of its own: small networks do not gain from a second thread.
  await Promise.all([worker(), worker()]);
  const model = (run: DemoRun): Model => models.get(run.id)!;
  const agreement = (
    await Promise.all(planned.filter((chapter) => chapter.agreement).map((chapter) => agreements(chapter, model)))
  ).flat();
  const page = await report(
    planned.flatMap(({ runs }) => runs.map(model)),
    {
      title: "Hidden causes: a real device, cells and simulated worlds",
      introduction:
        "Single interventions on a real device whose causes are known, then one simulated world for each other system, each beside a " +
        "baseline, then real cells, and at the end a world in which the method must fail. Made by disentangle demo.",
      method: "tbr",
      remarks: planned.map(({ name, remark }) => ({ dataset: name, text: remark })),
      agreement,
    },
  );
  await Promise.all(
    (["html", "markdown", "json"] as const).map((form) =>
      writeFileAtomic(join(dir, `report.${form === "markdown" ? "md" : form}`), page[form]),
    ),
  );
  const notes = planned.flatMap(({ name, said, runs }) =>
    (said?.(model(runs[0]!).record()) ?? []).map((text) => ({ dataset: name, text })),
  );
  const rows = planned.flatMap((chapter) => rowsOf(chapter, model));
  return { report: join(dir, "report.html"), rows, notes, agreement };
}

async function fitted({ id, config }: DemoRun, scored: readonly string[] | undefined, dir: string): Promise<Model> {
  const model = await fit(config).result;
  if (config.data.truth.latents !== undefined) await model.score(undefined, scored && { environments: scored });
  await model.save(join(dir, id));
  return model;
}

function rowsOf({ name, runs }: Chapter, model: (run: DemoRun) => Model): DemoRow[] {
  const methods = [...new Set(runs.map(({ config }) => config.method))];
  return methods.map((method) => {
    const records = runs.filter(({ config }) => config.method === method).map((run) => model(run).record());
    const scores = records.flatMap(({ scores }) => (scores === undefined ? [] : [scores]));
    const values = scores.flatMap(({ mcc }) => mcc.value ?? []);
    const rotations = scores.flatMap(({ mcc }: Scores) => mcc.nulls.rotation?.mean ?? []);
    const errors = records.flatMap(({ summary }) => {
      const row = summary.errors.find(({ split, environment }) => split === "test" && environment === undefined);
      return row === undefined ? [] : row.mse / row.meanMse;
    });
    return {
      dataset: name,
      method,
      seeds: records.length,
      mcc: values.length === records.length ? moments(values) : null,
      rotation: rotations.length === records.length ? moments(rotations).mean : null,
      error: errors.length === 0 ? null : moments(errors),
    };
  });
}

/** How far the runs of each method agree with each other, over all rows. */
async function agreements({ name, runs }: Chapter, model: (run: DemoRun) => Model): Promise<Agreement[]> {
  const methods = [...new Set(runs.map(({ config }) => config.method))];
  return Promise.all(
    methods.map(async (method) => {
      const group = runs.filter(({ config }) => config.method === method);
      const pairs = group.flatMap((a, i) => group.slice(i + 1).map((b) => [a, b] as const));
      const scored = await Promise.all(pairs.map(([a, b]) => score(table(model(a)), { z: table(model(b)) })));
      const values = scored.flatMap(({ mcc }) => mcc.value ?? []);
      const { mean, sd } = moments(values);
      const seed = ({ config }: DemoRun): string => `seed ${config.seed}`;
      return {
        dataset: name,
        method,
        pairs: pairs.map(([a, b], i) => ({ a: seed(a), b: seed(b), mcc: scored[i]!.mcc.value })),
        mean: values.length === pairs.length ? mean : null,
        sd: values.length === pairs.length ? sd : null,
        null: scored[0]?.mcc.nulls.unrelated ?? null,
      };
    }),
  );
}

function table({ latents: { data, shape, columns } }: Model) {
  return { columns: [...columns], values: { data, rows: shape[0], cols: shape[1] } };
}
