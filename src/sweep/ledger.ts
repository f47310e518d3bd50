// What became of every trial: lines that are only ever added, folded into states.
//
// An entry is one write to the end of the file: a line break, a checksum, JSON, a line break. Whoever reads skips what is not whole,
// so that a write that was cut spoils neither the lines before it nor those after it. Each claim of a trial raises its epoch by one,
// and of several claims of one epoch the first in the file counts; an ending counts only from the owner of the epoch that is under
// way. All readers see the same lines in the same order, so all agree on who owns what, whatever their clocks say.
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Failure } from "../errors.js";
import { unwritable } from "../files.js";
import type { Values } from "./metric.js";

/** One line of the ledger. */
export type Entry = Claim | Ending | Retry | Merged;

interface OfTrial {
  readonly trial: string;
  /** Which attempt at the trial it is about, from 1. */
  readonly epoch: number;
  /** ISO 8601, for people: nothing is decided by it. */
  readonly at?: string;
}

/** Somebody begins, or goes on with, a trial: valid for the epoch after the last one. */
export interface Claim extends OfTrial {
  readonly kind: "claim";
  readonly owner: string;
  /** Present where the owner is known to a server between machines, and has no sign in the folder. */
  readonly via?: "redis";
  /** Where it runs on a cluster, and how often it was started again there. */
  readonly job?: Readonly<Record<string, string>>;
}

/** How an attempt ended: valid from the owner of the epoch under way. */
export type Ending = OfTrial & { readonly owner: string } & (
    | ({ readonly kind: "done" } & Result)
    /** At a step of successive halving, to be compared with the others. */
    | ({ readonly kind: "paused"; readonly rung: number } & Result)
    | { readonly kind: "failed"; readonly failure: Failure }
    /** Its process ended without a word: `killed` from outside, or by a fault of its own. */
    | { readonly kind: "crashed"; readonly how: "killed" | "fault"; readonly what: string; readonly step: number }
    /** Stopped on request, or its owner is gone. */
    | { readonly kind: "released"; readonly step?: number }
  );

/** What a fit gave. */
export interface Result {
  readonly values: Values;
  readonly outcome: string;
  readonly steps: number;
  readonly elapsedMs: number;
}

/** A failed or parked trial is given another chance; one that was done is done again, where its folder is gone. */
export interface Retry extends OfTrial {
  readonly kind: "retry";
}

/** A finished run that came from elsewhere, or was found in its folder: valid for the epoch after the last one. */
export interface Merged extends OfTrial, Result {
  readonly kind: "merged";
}

/** What a trial is, after all entries about it. */
export interface TrialState {
  readonly state: "waiting" | "running" | "paused" | "done" | "failed" | "parked";
  /** Of the last claim; 0 before the first. */
  readonly epoch: number;
  readonly owner?: string;
  readonly via?: "redis";
  readonly result?: Result;
  readonly failure?: Failure;
  /** What it gave at each step of successive halving that it has reached. */
  readonly rungs: readonly Result[];
  /** Crashes in a row in which it came no further. */
  readonly crashes: number;
  readonly kills: number;
  /** The furthest step at which a crash left it. */
  readonly step: number;
  /** The last crash, in words. */
  readonly crash?: string;
}

/** States that nothing but a retry changes. */
export const ENDED: ReadonlySet<TrialState["state"]> = new Set(["done", "failed", "parked"]);

/** After how many crashes in a row, none of which came further, a trial is parked. */
export const PARK_AFTER = { crashes: 3, kills: 10 } as const;

/** What a trial is before anything is known of it. */
export const UNTOUCHED: TrialState = { state: "waiting", epoch: 0, rungs: [], crashes: 0, kills: 0, step: 0 };

/** The state after an entry; the same one where the entry does not count. */
export function after(before: TrialState, entry: Entry): TrialState {
  const { owner: _, via: __, ...rest } = before;
  switch (entry.kind) {
    case "claim": {
      // Whoever claims what runs says that its owner is gone; who judges wrongly is the later epoch all the same, and fences it off.
      const open = before.state === "waiting" || before.state === "running" || before.state === "paused";
      if (!open || entry.epoch !== before.epoch + 1) return before;
      const { epoch, owner, via } = entry;
      return { ...rest, state: "running", epoch, owner, ...(via && { via }) };
    }
    case "retry":
      if (!ENDED.has(before.state) || entry.epoch !== before.epoch) return before;
      return { ...UNTOUCHED, epoch: before.epoch, rungs: before.rungs };
    case "merged":
      if (before.state === "done" || entry.epoch !== before.epoch + 1) return before;
      return { ...rest, state: "done", epoch: entry.epoch, result: resultOf(entry) };
  }
  const isOwner = before.state === "running" && entry.epoch === before.epoch && entry.owner === before.owner;
  if (!isOwner) return before;
  switch (entry.kind) {
    case "done":
      return { ...rest, state: "done", result: resultOf(entry) };
    case "paused":
      return { ...rest, state: "paused", rungs: [...before.rungs.slice(0, entry.rung), resultOf(entry)] };
    case "failed":
      return { ...rest, state: "failed", failure: entry.failure };
    case "released":
      return { ...rest, state: "waiting" };
    case "crashed": {
      const further = entry.step > before.step;
      const [crashes, kills] = further ? [0, 0] : [before.crashes, before.kills];
      const next = {
        ...rest,
        step: Math.max(entry.step, before.step),
        crash: entry.what,
        crashes: crashes + Number(entry.how === "fault"),
        kills: kills + Number(entry.how === "killed"),
      };
      const parked = next.crashes >= PARK_AFTER.crashes || next.kills >= PARK_AFTER.kills;
      return { ...next, state: parked ? "parked" : "waiting" };
    }
  }
}

function resultOf({ values, outcome, steps, elapsedMs }: Result): Result {
  return { values, outcome, steps, elapsedMs };
}

/** An entry as its line. */
export function lineOf(entry: Entry): string {
  const text = JSON.stringify(entry);
  return `${checksum(text)} ${text}`;
}

/** The entry of a line; nothing where the line is not whole. */
export function entryOf(line: string): Entry | undefined {
  const text = line.slice(9);
  return line[8] === " " && line.slice(0, 8) === checksum(text) ? (JSON.parse(text) as Entry) : undefined;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

/** The ledger of a sweep. */
export interface Ledger {
  /** Of the trials that anything is known of. */
  readonly states: ReadonlyMap<string, TrialState>;
  /** Lines that are not whole. */
  readonly damaged: number;
  /** Reads what was added since, by whomever. */
  refresh(): Promise<void>;
  /** Adds entries, then reads; tells of each whether it counted. Throws `FILE_WRITE`. */
  commit(...entries: readonly Entry[]): Promise<readonly boolean[]>;
  close(): Promise<void>;
}

const FILE = "ledger.jsonl";

/** What `states` is of a trial. */
export function stateOf({ states }: Pick<Ledger, "states">, trial: string): TrialState {
  return states.get(trial) ?? UNTOUCHED;
}

/** Opens the ledger of a sweep folder, and reads it. Only a `writer` makes one where there is none. */
export async function openLedger(dir: string, who: "reader" | "writer"): Promise<Ledger> {
  const path = join(dir, FILE);
  const states = new Map<string, TrialState>();
  let [offset, damaged] = [0, 0];
  let file = await open(path, who === "writer" ? "a+" : "r").catch((error: NodeJS.ErrnoException) => {
    if (who === "reader" && error.code === "ENOENT") return undefined;
    throw unwritable(path, error);
  });
  const counted = new Set<string>();
  const refresh = async (): Promise<void> => {
    if (file === undefined) {
      file = await open(path, "r").catch(() => undefined);
      if (file === undefined) return;
    }
    const { size } = await file.stat();
    // Put back from a copy, or emptied: what was read is no longer what is there.
    if (size < offset) {
      states.clear();
      [offset, damaged] = [0, 0];
    }
    const text = await readFrom(file, offset, size);
    const end = text.lastIndexOf(0x0a) + 1;
    offset += end;
    for (const line of text.subarray(0, end).toString("utf8").split("\n")) {
      if (line === "") continue;
      const entry = entryOf(line);
      if (entry === undefined) {
        damaged++;
        continue;
      }
      const before = states.get(entry.trial) ?? UNTOUCHED;
      const next = after(before, entry);
      if (next === before) continue;
      states.set(entry.trial, next);
      if (waited.has(line)) counted.add(line);
    }
  };
  const waited = new Set<string>();
  // One at a time: two reads at once would count lines twice.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };
  await inTurn(refresh);
  return {
    states,
    get damaged() {
      return damaged;
    },
    refresh: () => inTurn(refresh),
    commit: (...entries) =>
      inTurn(async () => {
        await refresh();
        if (entries.length === 0) return [];
        const lines = entries.map((entry) => lineOf({ ...entry, at: new Date().toISOString() }));
        for (const line of lines) waited.add(line);
        await append(path, file!, lines);
        await refresh();
        const accepted = lines.map((line) => counted.has(line));
        waited.clear();
        counted.clear();
        return accepted;
      }),
    close: async () => {
      await turn;
      await file?.close();
    },
  };
}

async function append(path: string, file: FileHandle, lines: readonly string[]): Promise<void> {
  // Each begins with a line break: what a writer that was killed left behind ends there.
  const bytes = Buffer.from(lines.map((line) => `\n${line}\n`).join(""));
  try {
    const { bytesWritten } = await file.write(bytes);
    if (bytesWritten < bytes.length) throw Object.assign(new Error("no space is left"), { code: "ENOSPC" });
    await file.datasync();
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function readFrom(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
