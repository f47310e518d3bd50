// How a table was read: what the user said, and what was found in the file. What was read once is read again in the same way.

/** How numbers are written in a text table. */
export type Numbers = "plain" | "point" | "comma";

/** What a user may say about reading; the same keys in every command. */
export interface ReadingOptions {
  readonly matrix?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly quote?: string | undefined;
  readonly decimal?: "." | "," | undefined;
  readonly missingValues?: string | readonly string[] | undefined;
}

/** What was found in a text table where nothing was said. It helps to read the next one, and gives way to what that says. */
export interface FoundReading {
  readonly delimiter?: string;
  readonly numbers?: Numbers;
  /** The same of each table that was joined, by its view. */
  readonly views?: Readonly<Record<string, FoundReading>>;
  /** The same of a table of labels. */
  readonly labels?: FoundReading;
}

/** The keys of `ReadingOptions`. */
export const READING_KEYS = ["matrix", "delimiter", "quote", "decimal", "missingValues"] as const;

/** The part of a configuration that says how to read. */
export function readingOf(config: Readonly<Record<string, unknown>>): ReadingOptions {
  const said = READING_KEYS.filter((key) => config[key] !== undefined).map((key) => [key, config[key]]);
  return Object.fromEntries(said) as ReadingOptions;
}

/** How a run read its data: from its configuration and the provenance of its data set. */
export function rememberedReading(
  config: Readonly<Record<string, unknown>>,
  provenance: Readonly<Record<string, unknown>>,
): { readonly said: ReadingOptions; readonly found: FoundReading } {
  const { reading } = provenance as { readonly reading?: FoundReading };
  return { said: readingOf(config), found: reading ?? {} };
}

/** What the reading found, in words; nothing where that is the usual. */
export function foundNotes({ numbers }: FoundReading, otherwise: readonly string[] = []): readonly string[] {
  const names = otherwise.slice(0, 8).map((name) => JSON.stringify(name));
  return [
    ...(numbers === "comma" ? ["decimal commas: 1,5 is 1.5 and 1.234 is 1234 (--decimal . reads points)"] : []),
    ...(numbers === "point" ? ["separators of thousands: 1,234 is 1234 (--decimal , reads decimal commas)"] : []),
    ...(names.length > 0
      ? [
          `numbers with commas in ${names.join(", ")} are no numbers here: --decimal , reads decimal commas, --decimal . separators of thousands`,
        ]
      : []),
  ];
}

/** What is remembered of a fit, in words; nothing where all is usual. */
export function rememberedText({ said, found }: ReturnType<typeof rememberedReading>): string | undefined {
  const words = [
    ...(said.missingValues === undefined ? [] : [`missing values ${[said.missingValues].flat().join(",")}`]),
    ...(said.delimiter === undefined ? [] : [`delimiter ${JSON.stringify(said.delimiter)}`]),
    ...(said.quote === undefined ? [] : [`quote ${JSON.stringify(said.quote)}`]),
    ...(said.matrix === undefined ? [] : [`matrix ${said.matrix}`]),
    ...(said.decimal === undefined ? [] : [`decimal ${JSON.stringify(said.decimal)}`]),
    ...(said.decimal === undefined ? numbersText(found) : []),
  ];
  return words.length === 0 ? undefined : `read as in the fit: ${words.join("; ")}`;
}

/** How numbers are written where that is not the usual, of each table that was joined. */
function numbersText({ numbers, views = {} }: FoundReading): readonly string[] {
  return [
    ...(numbers === "comma" ? ["decimal commas"] : []),
    ...(numbers === "point" ? ["separators of thousands"] : []),
    ...Object.entries(views).flatMap(([view, one]) => numbersText(one).map((text) => `${text} in ${view}`)),
  ];
}
