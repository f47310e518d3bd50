// How much memory this process may still take: the smallest of what its limits leave. The core refuses with `MEMORY_LIMIT` what needs
// more. Swap is not counted: data that lie there make a fit hundreds of times slower.
import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { fail } from "./errors.js";

/** What is left, and the limit in words. */
export interface MemoryLeft {
  readonly bytes: number;
  readonly limit: string;
}

/** Where the system tells its limits. */
export interface SystemFolders {
  readonly proc: string;
  readonly cgroups: string;
}

const SYSTEM: SystemFolders = { proc: "/proc", cgroups: "/sys/fs/cgroup" };

/** Address space that is taken without being used: stacks and arenas of the threads that a call starts. */
const UNUSED_ADDRESSES = 256 * 2 ** 20;

const own = new AsyncLocalStorage<number | undefined>();
let ofProcess: number | undefined;

/**
 * Runs `work`, in which reading, fits and models are refused with `MEMORY_LIMIT` when they need more memory than this leaves.
 *
 * @param maxMemory the most memory that this process may hold: bytes, or text such as "4GiB". It never raises a limit of the system
 *
 * @example
 * ```ts
 * import { readDataset, withMaxMemory } from "disentangle";
 * const dataset = await withMaxMemory("4GiB", () => readDataset({ data: [[1, 2], [3, 4], [5, 7]] }));
 * console.log(dataset.inputs.rows); // 3
 * ```
 */
export function withMaxMemory<T>(maxMemory: number | string | null | undefined, work: () => T): T {
  return maxMemory == null ? work() : own.run(memorySize(maxMemory, "maxMemory"), work);
}

/** The same for all that the process does from now on, which is one command. */
export function limitProcess(maxMemory: string | undefined): void {
  ofProcess = maxMemory === undefined ? undefined : memorySize(maxMemory, "--max-memory");
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  K: 2 ** 10,
  KIB: 2 ** 10,
  KB: 1e3,
  M: 2 ** 20,
  MIB: 2 ** 20,
  MB: 1e6,
  G: 2 ** 30,
  GIB: 2 ** 30,
  GB: 1e9,
  T: 2 ** 40,
  TIB: 2 ** 40,
  TB: 1e12,
};

/** Bytes of a size as it is written: `4GiB`, `500 MB`, `2G`. */
export function memorySize(size: number | string, path: string): number {
  const [, digits = "", unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(size)) ?? [];
  const bytes = Math.floor(Number(digits) * (UNITS[unit.toUpperCase()] ?? Number.NaN));
  if (digits === "" || !Number.isSafeInteger(bytes) || bytes < 1) {
    fail("CONFIG_OUT_OF_RANGE", `${path}: ${JSON.stringify(size)} is not a size of memory`, {
      path,
      hint: "bytes, or a number with KiB, MiB, GiB, KB, MB or GB, for example 4GiB",
    });
  }
  return bytes;
}

/** What this process may still take. */
export function memoryLeft(folders?: SystemFolders): MemoryLeft {
  const given = own.getStore() ?? ofProcess;
  const limits = folders === undefined ? [...ofSystem()] : [...limitsOf(folders)];
  if (given !== undefined) {
    limits.push({ bytes: given - process.memoryUsage.rss(), limit: `maxMemory, which is ${sizeText(given)}` });
  }
  const { bytes, limit } = limits.reduce((least, one) => (one.bytes < least.bytes ? one : least));
  return { bytes: Math.max(0, Math.floor(bytes)), limit };
}

/** What the system told last. Its files take half a millisecond to read, which each of many small requests would wait for. */
let told: { readonly limits: readonly MemoryLeft[]; readonly at: number; readonly held: number } | undefined;
/** How long that is true, unless this process has taken more meanwhile. */
const TRUE_MS = 100;
const TAKEN = 16 * 2 ** 20;

function ofSystem(): readonly MemoryLeft[] {
  const [at, held] = [performance.now(), process.memoryUsage.rss()];
  if (told === undefined || at - told.at > TRUE_MS || held - told.held > TAKEN) {
    told = { limits: [...limitsOf(SYSTEM)], at, held };
  }
  return told.limits;
}

function* limitsOf(folders: SystemFolders): Generator<MemoryLeft> {
  const { proc } = folders;
  const total = numberOf(read(join(proc, "meminfo")), "MemAvailable") ?? totalmem();
  yield { bytes: total, limit: "the free memory of the machine" };
  const limits = read(join(proc, "self/limits"));
  const status = read(join(proc, "self/status"));
  for (const [name, taken, unused] of [
    ["address space", "VmSize", UNUSED_ADDRESSES],
    ["data size", "VmData", UNUSED_ADDRESSES],
  ] as const) {
    const limit = new RegExp(`^Max ${name}\\s+(\\d+)`, "m").exec(limits)?.[1];
    const used = numberOf(status, taken);
    if (limit === undefined || used === undefined) continue;
    yield {
      bytes: Number(limit) - used - unused,
      limit: `the limit on ${name} (ulimit), which is ${sizeText(Number(limit))}`,
    };
  }
  yield* cgroupLimits(folders);
}

/** Limits of the control group of this process and of those above it, in both versions. */
function* cgroupLimits({ proc, cgroups }: SystemFolders): Generator<MemoryLeft> {
  for (const line of read(join(proc, "self/cgroup")).split("\n")) {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const isSecond = controllers === "";
    if (path === "" || !(isSecond || controllers.split(",").includes("memory"))) continue;
    const root = isSecond ? cgroups : join(cgroups, "memory");
    // In a container the path may be that outside of it: then only its own root is there.
    for (let group = path; ; group = dirname(group)) {
      yield* isSecond ? second(join(root, group)) : first(join(root, group));
      if (group === "/" || group === ".") break;
    }
  }
}

function* second(group: string): Generator<MemoryLeft> {
  const used = whole(read(join(group, "memory.current")));
  // Files that were read can be read again: the kernel gives their memory back before it refuses any.
  const cached = statOf(group, "inactive_file");
  for (const file of ["memory.max", "memory.high"]) {
    const limit = whole(read(join(group, file)));
    if (limit === undefined || used === undefined) continue;
    yield { bytes: limit - used + cached, limit: `the cgroup limit ${file}, which is ${sizeText(limit)}` };
  }
}

function* first(group: string): Generator<MemoryLeft> {
  const limit = whole(read(join(group, "memory.limit_in_bytes")));
  const used = whole(read(join(group, "memory.usage_in_bytes")));
  if (limit === undefined || used === undefined) return;
  const cached = statOf(group, "total_inactive_file");
  yield {
    bytes: limit - used + cached,
    limit: `the cgroup limit memory.limit_in_bytes, which is ${sizeText(limit)}`,
  };
}

function statOf(group: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(read(join(group, "memory.stat")))?.[1] ?? 0);
}

/** A whole number; nothing where there is no file, or no limit (`max`). */
function whole(text: string): number | undefined {
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

/** Bytes of a line such as `VmSize:  1024 kB`. */
function numberOf(text: string, name: string): number | undefined {
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** A small file of the system, "" where it is not there. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function sizeText(bytes: number): string {
  const [value, unit] = bytes >= 2 ** 30 ? [bytes / 2 ** 30, "GiB"] : [bytes / 2 ** 20, "MiB"];
  return `${Number(value.toPrecision(3))} ${unit}`;
}
