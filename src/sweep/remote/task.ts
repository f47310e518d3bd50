// What travels of a trial to a worker: plain data, which are checked where they arrive. Nothing in them is ever run.
import { createHash } from "node:crypto";
import { z } from "zod";
import { fail } from "../../errors.js";
import type { Code } from "../planned.js";

/** A trial name is a file name on every machine. */
const NAME = /^[a-z0-9][\w-]{0,119}$/i;
const record = z.record(z.string(), z.unknown());

const taskSchema = z.strictObject({
  sweep: z.string().regex(/^[0-9a-f]{16}$/),
  trial: z.string().regex(NAME),
  /** Of the last claim, as whoever offers the trial knows it. */
  epoch: z.int().min(0),
  rung: z.int().min(-1),
  steps: z.int().min(1).optional(),
  config: record,
  /** Content hash of the data set. */
  data: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  world: record.optional(),
  study: z
    .strictObject({
      id: z.string().regex(NAME),
      version: z.string(),
      data: record,
      before: z.boolean(),
      elsewhere: record.optional(),
      within: z.record(z.string(), z.array(z.string())).optional(),
      latents: z.boolean(),
    })
    .optional(),
});

/** A trial on its way to a worker. */
export type Task = z.infer<typeof taskSchema>;

/** Throws `DATA_CORRUPT` where it is none that this program makes. */
export function checkTask(value: unknown): Task {
  const found = taskSchema.safeParse(value);
  if (found.success) return found.data;
  const { path, message } = found.error.issues[0]!;
  return fail("DATA_CORRUPT", `a trial that came through Redis is refused: ${path.join(".")}: ${message}`);
}

const noteSchema = z.strictObject({
  format: z.literal(1),
  name: z.string(),
  trials: z.int(),
  limit: z.number().min(0),
});

/** What the server is told of a sweep. */
export type SweepNote = z.infer<typeof noteSchema>;

/** Reads what the server is told of a sweep; nothing where it knows none. */
export function noteOf(text: string | null): SweepNote | undefined {
  if (text === null) return undefined;
  const found = noteSchema.safeParse(JSON.parse(text));
  return found.success
    ? found.data
    : fail("DATA_CORRUPT", "what Redis says of a sweep is none that this program makes");
}

/** The queue that workers with this code listen to: other code may give other numbers, and is never asked. */
export function queueOf({ version, sources }: Code): string {
  return `trials-${createHash("sha256").update(`${version}/${sources}`).digest("hex").slice(0, 12)}`;
}

/** The id of a job: of one trial and one epoch there is one at a time. BullMQ takes neither colons nor whole numbers. */
export function jobIdOf({ sweep, trial, epoch }: Pick<Task, "sweep" | "trial" | "epoch">): string {
  return `${sweep}_${trial}_${epoch}`;
}

/** Where workers say that they are there: a set by the seconds of the server's clock. */
export const WORKERS = "disentangle:workers";

/** A worker that is there. */
export interface Present {
  readonly id: string;
  readonly host: string;
  readonly jobs: number;
  readonly version: string;
  readonly sources: string;
}
