// Rows of several tables put together by their ids: exact text, each once in a table, in the order of the first table.
import { fail, failure } from "../errors.js";
import type { JoinReport } from "./source.js";

/** Rows of one table. */
export interface Keyed {
  readonly view: string;
  /** "" where a row has none. */
  readonly ids: readonly string[];
}

/** Rows in common. */
export interface Joined {
  readonly ids: string[];
  /** For each table the row that belongs to each id; -1 where it has none. */
  readonly rows: readonly Int32Array[];
  readonly report: JoinReport;
}

const SHOWN = 5;

/**
 * Joins tables by their ids; what stands in some tables only is left out and counted, or kept after the rows of the first table.
 *
 * @throws `DATA_JOIN` where an id stands twice in a table, or where no id stands in all
 */
export function joinRows(tables: readonly Keyed[], by: string, keepsAll = false): Joined {
  const places = tables.map((table) => uniquePlaces(table, by));
  const [first, ...others] = places as [ReadonlyMap<string, number>, ...ReadonlyMap<string, number>[]];
  const common = [...first.keys()].filter((id) => others.every((other) => other.has(id)));
  const ids = keepsAll ? [...new Set(places.flatMap((place) => [...place.keys()]))] : common;
  if (ids.length === 0 || (common.length === 0 && !keepsAll)) throw nothingInCommon(tables, by);
  return {
    ids,
    rows: places.map((place) => Int32Array.from(ids, (id) => place.get(id) ?? -1)),
    report: {
      by,
      rows: ids.length,
      tables: tables.map(({ view, ids: all }, t) => ({
        view,
        rows: all.length,
        dropped: all.length - (keepsAll ? places[t]!.size : ids.length),
        ...(keepsAll && { lacking: ids.length - places[t]!.size }),
      })),
    },
  };
}

/** What a join did, in one line for people. */
export function joinText({ by, rows, tables }: JoinReport): string {
  const counts = tables.map(
    ({ view, rows: all, dropped, lacking = 0 }) =>
      `${view} ${all}${dropped > 0 ? ` (${dropped} left out)` : ""}${lacking > 0 ? ` (lacks ${lacking})` : ""}`,
  );
  const keepsAll = tables.some(({ lacking }) => lacking !== undefined);
  return `joined by ${by}: ${rows} rows ${keepsAll ? "in all" : "in common"}; rows of ${counts.join(", ")}`;
}

/** The row of each id, and the ids that stand on several; a row without an id has none. */
export function placesOfIds(ids: readonly string[]): {
  readonly places: ReadonlyMap<string, number>;
  readonly repeated: readonly string[];
} {
  const places = new Map<string, number>();
  const twice = new Set<string>();
  ids.forEach((id, row) => {
    if (id === "") return;
    if (places.has(id)) twice.add(id);
    else places.set(id, row);
  });
  return { places, repeated: [...twice] };
}

function uniquePlaces({ view, ids }: Keyed, by: string): ReadonlyMap<string, number> {
  const { places, repeated } = placesOfIds(ids);
  if (repeated.length > 0) {
    const some = repeated.slice(0, SHOWN).map((id) => JSON.stringify(id));
    const more = repeated.length > SHOWN ? ` and ${repeated.length - SHOWN} more` : "";
    fail("DATA_JOIN", `${view}: ${repeated.length} ids stand on several rows of ${by}: ${some.join(", ")}${more}`, {
      path: `modalities.${view}`,
      hint: "keep one row per id in each table, for example the mean of repeated measurements",
      context: { view, by, ids: repeated.slice(0, 100), count: repeated.length },
    });
  }
  return places;
}

function nothingInCommon(tables: readonly Keyed[], by: string): Error {
  const like = tables.map(({ view, ids }) => {
    const some = ids.filter((id) => id !== "").slice(0, 2);
    return `${view}: ${some.length === 0 ? "none" : some.map((id) => JSON.stringify(id)).join(", ")}`;
  });
  return failure("DATA_JOIN", `no id of ${by} stands in all of ${tables.map(({ view }) => view).join(", ")}`, {
    path: "join",
    hint: `ids are compared as exact text; they begin with ${like.join("; ")}`,
    context: { by, rows: Object.fromEntries(tables.map(({ view, ids }) => [view, ids.length])) },
  });
}
