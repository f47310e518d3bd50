// The flags of `disentangle sweep`.
import { basename, extname, join } from "node:path";
import { shardOf } from "../sweep/shard.js";
import type { RedisFlags } from "./redis-flags.js";

/** As commander gives them. */
export interface SweepFlags extends RedisFlags {
  readonly out?: string;
  readonly jobs?: number;
  readonly shard?: string;
  readonly dryRun?: boolean;
  readonly status?: boolean;
  readonly why?: string;
  readonly retry?: readonly ("failed" | "parked")[];
  readonly rerun?: boolean;
  readonly merge?: readonly string[];
  readonly report: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** The folder that a sweep file means. */
export function outOf(path: string, { out, shard }: SweepFlags): string {
  if (out !== undefined) return out;
  const stem = path === "-" ? "sweep" : basename(path, extname(path));
  if (shard === undefined) return join("sweeps", stem);
  const { index, of } = shardOf(shard);
  return join("sweeps", `${stem}.shard-${index}-of-${of}`);
}
