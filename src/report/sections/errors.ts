import type { ErrorRow } from "../../generated/types.js";
import { dotsChart } from "../charts/dots.js";
import type { SectionInput } from "../context.js";
import { chartFigure, defined, legend, name, table } from "../figure.js";
import { count, significant } from "../format.js";
import { type Content, html } from "../markup.js";
import { environmentErrors, moments, overallError, relativeError } from "../measures.js";
import { series } from "../theme.js";
import type { Section } from "./section.js";

/** Error of the predicted target in every environment, beside the mean predictor and the other methods. */
export async function errorsSection({ study, pens }: SectionInput): Promise<Section | undefined> {
  const methods = study.methods.filter(({ runs }) =>
    runs.some((run) => overallError(run) ?? environmentErrors(run)[0]),
  );
  if (methods.length === 0) return undefined;
  const named = methods.map(({ label, runs }) => ({ label, errors: runs.map(environmentErrors) }));
  const environments = [...new Set(named.flatMap(({ errors }) => errors.flat().map((row) => row.environment!)))];
  const rowsOf = (errors: readonly ErrorRow[][], environment: string) =>
    errors.flatMap((rows) => rows.filter((row) => row.environment === environment));
  const overall = table(
    `${environments.length > 0 ? "Over all environments; mean over seeds" : "Mean over seeds"}, in squared units of the target.`,
    [
      { label: "Method" },
      ...["Rows", "Squared error", "Mean predictor", "Relative"].map((label) => ({ label, numeric: true as const })),
    ],
    methods.map(({ label, runs }) => [name(label), ...errorCells(runs.flatMap((run) => overallError(run) ?? []))]),
  );
  if (environments.length === 0) return { id: "errors", title: "Prediction error", body: overall };
  const chart = dotsChart({
    axis: "error relative to the mean predictor",
    domain: [0, null],
    rows: environments,
    series: named.map(({ label, errors }) => ({
      label,
      values: environments.map((environment) =>
        rowsOf(errors, environment).flatMap((row) => relativeError(row).value ?? []),
      ),
    })),
    reference: { value: 1, label: "mean predictor" },
  });
  const figure = {
    id: `${study.id}-errors`,
    title: "Prediction error by environment",
    description:
      "Squared error on rows kept out of training, divided by that of predicting the training mean: left of the dashed line is better than the mean. Thin lines span the seeds.",
    legend: legend([
      ...named.map(({ label }, i) => ({ label, look: series(i) })),
      { label: "mean predictor", look: { color: "var(--ink-3)", dash: [4, 4] } },
    ]),
    table: table(
      "By environment; mean over seeds, in squared units of the target.",
      [
        { label: "Environment" },
        { label: "Method" },
        ...["Rows", "Squared error", "Mean predictor", "Relative"].map((label) => ({ label, numeric: true as const })),
      ],
      environments.flatMap((environment) =>
        named.map(({ label, errors }) => [name(environment), name(label), ...errorCells(rowsOf(errors, environment))]),
      ),
    ),
  };
  return {
    id: "errors",
    title: "Prediction error",
    body: html`${overall}${await chartFigure(figure, chart, "page", pens)}`,
  };
}

function errorCells(rows: readonly ErrorRow[]): Content[] {
  if (rows.length === 0) return ["\u2013", "\u2013", "\u2013", "\u2013"];
  const relative = rows.map(relativeError);
  const mean = (values: readonly number[]) => moments(values).mean;
  const undefinedReason = relative.find(({ value }) => value === null)?.reason;
  return [
    count(rows[0]!.rows),
    defined(significant(mean(rows.map(({ mse }) => mse)))),
    defined(significant(mean(rows.map(({ meanMse }) => meanMse)))),
    defined(significant(mean(relative.flatMap(({ value }) => value ?? []))), undefinedReason),
  ];
}
