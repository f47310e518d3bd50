// Numbers and tables as text.

/** Four significant digits, or fewer; a number that does not exist is a dash. */
export function number(value, digits = 4) {
  if (value === null || value === undefined) return "-";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(digits)));
}

/** A Markdown table. */
export function table(header, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
