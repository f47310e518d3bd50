// An inspection as a text for people.
import type { ColumnReport, InspectReport } from "./inspect.js";
import { shapeText } from "./views.js";

// Longer lists are cut: a file may have 20,000 columns, and the JSON has them all.
const SHOWN = 12;

/** The inspection as a few aligned lines, without color. */
export function formatInspection(report: InspectReport): string {
  const { columns, environment, tasks } = report;
  const missing = columns.filter((column) => (column.missing ?? 0) > 0);
  const constant = columns.filter((column) => column.constant === true);
  const lines: readonly (readonly [string, string])[] = [
    ["source", `${report.source} (${report.format})`],
    ["rows", count(report.rows)],
    ["columns", `${count(columns.length)}: ${kinds(columns)}`],
    ...(report.views ?? []).map(({ name, columns: width, image, min, max }) => {
      const shape = image === undefined ? `${count(width)} columns` : `images of ${shapeText(image)}`;
      return [`view ${name}`, min === undefined ? shape : `${shape}, ${min} to ${max}`] as const;
    }),
    ...["inputs", "target", "truth", "environment", "task", "rowId"].flatMap((role) => {
      const names = columns.filter((column) => column.role === role).map(({ name }) => name);
      return names.length === 0 ? [] : [[role, `${count(names.length)}: ${some(names)}`] as const];
    }),
    ["ignored", some(columns.filter(({ role }) => role === undefined).map(({ name }) => name))],
    ["missing", some(missing.map((column) => `${column.name} (${count(column.missing!)})`))],
    ["constant", some(constant.map(({ name }) => name))],
    ...(environment === undefined
      ? []
      : [
          [
            `rows by ${environment.column}`,
            some(environment.sizes.map(({ label, rows }) => `${label} ${count(rows)}`)),
          ] as const,
        ]),
    ...(tasks === undefined
      ? []
      : [[`${count(tasks.length)} tasks`, some(tasks.map(({ name, rows }) => `${name} ${count(rows)}`))] as const]),
    ["memory", `${bytes(report.memoryBytes)} for the inputs`],
    ...report.problems.map(({ message }) => ["problem", message] as const),
    ...report.notes.map((note) => ["note", note] as const),
    ["try", report.command],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, text]) => `${label.padEnd(width)}  ${text}`).join("\n");
}

function kinds(columns: readonly ColumnReport[]): string {
  return (["number", "image", "text", "unknown"] as const)
    .map((kind) => [columns.filter((column) => column.kind === kind).length, kind] as const)
    .filter(([many]) => many > 0)
    .map(([many, kind]) => `${count(many)} ${kind}`)
    .join(", ");
}

function some(words: readonly string[]): string {
  if (words.length === 0) return "none";
  const rest = words.length - SHOWN;
  return words.slice(0, SHOWN).join(", ") + (rest > 0 ? ` and ${count(rest)} more` : "");
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function bytes(size: number): string {
  if (size < 1e3) return `${size} B`;
  if (size < 1e6) return `${(size / 1e3).toFixed(1)} kB`;
  return size < 1e9 ? `${(size / 1e6).toFixed(1)} MB` : `${(size / 1e9).toFixed(1)} GB`;
}
