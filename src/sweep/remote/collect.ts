// Writes down what workers did: brings their results into the folder, then the lines into the ledger, then lets the server forget.
// Killed anywhere in between, the next coordinator does the same again, and nothing counts twice.
import type { Redis } from "ioredis";
import { z } from "zod";
import { isDisentangleError } from "../../errors.js";
import { newFolder } from "../../files.js";
import { clearFolder, copyFolder, settleTrial } from "../folder.js";
import { ENDED, type Entry, type Ledger, stateOf } from "../ledger.js";
import type { SweepTrial } from "../planned.js";
import type { Carrier } from "./carrier.js";
import { executed, type Leases } from "./leases.js";
import { type Parcel, parcelOf } from "./parcel.js";
import { keysOf } from "./server.js";

/** One line of the server's log. */
export interface Collected {
  readonly id: string;
  readonly fields: readonly string[];
}

/** What became of it. */
export interface Written {
  readonly trial: SweepTrial;
  readonly entry: Entry;
  /** Whether it counted. */
  readonly counts: boolean;
}

/** Results that are brought at once. */
const AT_ONCE = 8;

const entrySchema = z.looseObject({
  kind: z.enum(["claim", "done", "paused", "failed", "crashed", "released"]),
  trial: z.string(),
  epoch: z.int().min(1),
  owner: z.string(),
});

interface Line {
  readonly trial: SweepTrial;
  readonly entry: Entry;
  readonly parcel: Parcel | undefined;
}

/** Writes lines of the log down, in their order. */
export async function collect({
  dir,
  mine,
  ledger,
  redis,
  sweep,
  leases,
  carrier,
  log,
}: {
  readonly dir: string;
  readonly mine: readonly SweepTrial[];
  readonly ledger: Ledger;
  readonly redis: Redis;
  readonly sweep: string;
  readonly leases: Leases;
  readonly carrier: Carrier;
  readonly log: readonly Collected[];
}): Promise<readonly Written[]> {
  const byId = new Map(mine.map((trial) => [trial.id, trial]));
  const lines = log.flatMap(({ fields }) => lineOf(fields, byId) ?? []);
  const brought = new Map<Line, string | undefined>();
  await atOnce(
    lines.filter(({ parcel }) => parcel !== undefined),
    async (line) => {
      brought.set(line, await bring(dir, ledger, carrier, line));
    },
  );
  const isLost = (line: Line): boolean => brought.has(line) && brought.get(line) === undefined;
  // A result that did not arrive is none: its trial is free again.
  const entries = lines.map((line): Entry => {
    const { entry } = line;
    if (!isLost(line) || entry.kind !== "done") return entry;
    return { kind: "released", trial: entry.trial, epoch: entry.epoch, owner: entry.owner };
  });
  const counted = await ledger.commit(...entries);
  const written = lines.map(({ trial }, place) => ({ trial, entry: entries[place]!, counts: counted[place]! }));
  await atOnce([...brought], async ([{ entry }, copy]) => {
    if (copy === undefined) return;
    const { state, epoch } = stateOf(ledger, entry.trial);
    // Also where another coordinator of this folder was faster.
    const isThere = state === "done" && epoch === entry.epoch && (await settleTrial(dir, entry.trial, copy));
    if (!isThere) await clearFolder(copy);
  });
  const over = [...new Set(lines.map(({ trial }) => trial.id))].filter((id) => ENDED.has(stateOf(ledger, id).state));
  const checkpoints = (await leases.forget(over)).flatMap((text) => readable(text) ?? []);
  await carrier.drop(...checkpoints, ...lines.flatMap(({ parcel }) => parcel ?? []));
  const pipeline = redis.pipeline();
  pipeline.xdel(keysOf(sweep).log, ...log.map(({ id }) => id));
  await executed(pipeline);
  return written;
}

function readable(text: string): Parcel | undefined {
  try {
    return parcelOf(text);
  } catch {
    return undefined;
  }
}

/** A line of a trial of this sweep; nothing where it is none that this program writes. */
function lineOf(fields: readonly string[], byId: ReadonlyMap<string, SweepTrial>): Line | undefined {
  const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? "";
  try {
    const entry = entrySchema.parse(JSON.parse(field("entry"))) as unknown as Entry;
    const trial = byId.get(entry.trial);
    if (trial === undefined) return undefined;
    const parcel = fields.includes("parcel") && field("parcel") !== "" ? parcelOf(field("parcel")) : undefined;
    return { trial, entry, parcel };
  } catch {
    return undefined;
  }
}

/** Where the result of an attempt lies in the folder now; nothing where it did not arrive whole. */
async function bring(
  dir: string,
  ledger: Ledger,
  carrier: Carrier,
  { entry, parcel }: Line,
): Promise<string | undefined> {
  const copy = copyFolder(dir, entry.trial, entry.epoch);
  const { state, epoch } = stateOf(ledger, entry.trial);
  // Written down before, by this coordinator before it was killed or by another one: its copy is the one that counts.
  if (state === "done" && epoch >= entry.epoch) return copy;
  try {
    await carrier.fetch(parcel!, copy, newFolder);
    return copy;
  } catch (error) {
    if (isDisentangleError(error) && error.code === "DATA_CORRUPT") return undefined;
    throw error;
  }
}

async function atOnce<T>(values: readonly T[], work: (value: T) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    for (let at = next++; at < values.length; at = next++) await work(values[at]!);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, values.length) }, one));
}
