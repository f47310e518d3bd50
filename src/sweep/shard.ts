// Which part of the trials a task of an array job works on.
import { fail } from "../errors.js";

/** A part of the trials of a sweep. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/** A part, and how its numbers were read. */
export interface ReadShard extends Shard {
  /** For people. */
  readonly said: string;
}

/**
 * Reads `i/n`. Parts count from 0, unless a Slurm array says that its tasks begin elsewhere: then `i` is read as one of its tasks.
 *
 * @throws `CONFIG_USAGE`, `CONFIG_OUT_OF_RANGE`
 */
export function shardOf(text: string, env: Readonly<Record<string, string | undefined>> = process.env): ReadShard {
  const [, first, second] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (first === undefined || second === undefined) {
    fail("CONFIG_USAGE", `--shard ${text}: expected i/n`, {
      path: "--shard",
      hint: "for example --shard 0/4; in a Slurm array --shard $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT",
    });
  }
  const [number, of] = [Number(first), Number(second)];
  const isTask = env.SLURM_ARRAY_TASK_ID === first && env.SLURM_ARRAY_TASK_COUNT === second;
  const least = isTask ? Number(env.SLURM_ARRAY_TASK_MIN ?? 0) : 0;
  const step = isTask ? Number(env.SLURM_ARRAY_TASK_STEP ?? 1) : 1;
  const index = (number - least) / step;
  if (!Number.isInteger(index) || index < 0 || index >= of) {
    fail("CONFIG_OUT_OF_RANGE", `--shard ${text}: ${first} is none of ${least} to ${least + (of - 1) * step}`, {
      path: "--shard",
      hint: isTask
        ? "the variables of the array do not fit together"
        : `shards count from 0: 0/${second} to ${of - 1}/${second}; for an array from 1 on pass SLURM_ARRAY_TASK_MIN too`,
    });
  }
  const counted = isTask ? `tasks of the Slurm array count from ${least}` : "counting from 0";
  return { index, of, said: `shard ${index + 1} of ${of} (${text}, ${counted})` };
}
