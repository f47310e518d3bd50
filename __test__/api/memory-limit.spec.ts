// Memory is asked for before it is taken: what does not fit is a failure with both numbers, and the process lives.
import { mkdirSync, mkdtempSync, openSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import plainTest, { type ExecutionContext } from "ava";
import { DisentangleError } from "../../src/errors.js";
import { fit, latentGraph, readDataset, simulate, withMaxMemory } from "../../src/index.js";
import { memoryLeft, memorySize } from "../../src/memory-limit.js";
import { testWithAddon as test } from "../addon.js";
import { run } from "../cli/run.js";

const MiB = 2 ** 20;

/** A folder with files. */
function folder(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), "disentangle-memory-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

/** A system with 8 GiB free, whose other files are given. */
function system(files: Readonly<Record<string, string>>): { proc: string; cgroups: string } {
  const dir = folder({ "proc/meminfo": `MemTotal: 9000000 kB\nMemAvailable:   ${8 * 2 ** 20} kB\n`, ...files });
  return { proc: join(dir, "proc"), cgroups: join(dir, "cgroup") };
}

async function refused(t: ExecutionContext, work: () => Promise<unknown>): Promise<DisentangleError> {
  const error = await t.throwsAsync(work, { instanceOf: DisentangleError });
  t.is(error.code, "MEMORY_LIMIT", error.message);
  const { neededBytes, availableBytes } = error.context as { neededBytes: number; availableBytes: number };
  t.true(neededBytes > availableBytes, JSON.stringify(error.context));
  t.regex(error.hint ?? "", /fewer .*--max-memory/);
  return error;
}

plainTest("sizes are read as people write them", (t) => {
  const sizes = ["4GiB", "4 gib", "4G", "512MiB", "1.5GB", "100000", 7].map((size) => memorySize(size, "x"));
  t.deepEqual(sizes, [4 * 2 ** 30, 4 * 2 ** 30, 4 * 2 ** 30, 512 * MiB, 1.5e9, 100_000, 7]);
  for (const size of ["", "GiB", "-1", "4 apples", "0", Number.NaN]) {
    t.throws(() => memorySize(size, "--max-memory"), { message: /^--max-memory: .* is not a size of memory$/ });
  }
});

plainTest("the smallest of what the limits leave counts", (t) => {
  const free = memoryLeft(system({}));
  t.deepEqual(free, { bytes: 8 * 2 ** 30, limit: "the free memory of the machine" });

  // Unlimited rows are no limit.
  const limits = (space: string | number, data: string | number): string =>
    `Limit  Soft Limit  Hard Limit  Units\nMax data size             ${data}            unlimited            bytes\nMax address space         ${space}            unlimited            bytes\n`;
  const status = "VmPeak: 1 kB\nVmSize:\t 1048576 kB\nVmData:\t 524288 kB\n";
  const unlimited = system({ "proc/self/limits": limits("unlimited", "unlimited"), "proc/self/status": status });
  t.is(memoryLeft(unlimited).bytes, 8 * 2 ** 30);
  const space = memoryLeft(
    system({ "proc/self/limits": limits(3 * 2 ** 30, "unlimited"), "proc/self/status": status }),
  );
  // Of 3 GiB one is taken, and a quarter is kept for stacks and arenas.
  t.deepEqual(space, { bytes: 1.75 * 2 ** 30, limit: "the limit on address space (ulimit), which is 3 GiB" });
  const data = memoryLeft(system({ "proc/self/limits": limits("unlimited", 2 ** 30), "proc/self/status": status }));
  t.deepEqual(data, { bytes: 256 * MiB, limit: "the limit on data size (ulimit), which is 1 GiB" });
});

plainTest("control groups count with those above them, in both versions", (t) => {
  const group = (dir: string, max: number | string, current: number, cached = 0, high: number | string = "max") => ({
    [`cgroup/${dir}/memory.max`]: `${max}\n`,
    [`cgroup/${dir}/memory.high`]: `${high}\n`,
    [`cgroup/${dir}/memory.current`]: `${current}\n`,
    [`cgroup/${dir}/memory.stat`]: `anon 1\ninactive_file ${cached}\nactive_file 5\n`,
  });
  const second = { "proc/self/cgroup": "0::/pod/box\n" };
  const own = memoryLeft(
    system({ ...second, ...group("pod/box", 1000 * MiB, 400 * MiB, 50 * MiB), ...group("pod", "max", 0) }),
  );
  t.deepEqual(own, { bytes: 650 * MiB, limit: "the cgroup limit memory.max, which is 1000 MiB" });
  const above = memoryLeft(
    system({ ...second, ...group("pod/box", 1000 * MiB, 400 * MiB), ...group("pod", 900 * MiB, 800 * MiB) }),
  );
  t.is(above.bytes, 100 * MiB);
  const high = memoryLeft(system({ ...second, ...group("pod/box", 1000 * MiB, 400 * MiB, 0, 500 * MiB) }));
  t.deepEqual(high, { bytes: 100 * MiB, limit: "the cgroup limit memory.high, which is 500 MiB" });
  // In a container the own group is the root of what is seen.
  const inside = memoryLeft(system({ "proc/self/cgroup": "0::/outside/box\n", ...group("", 300 * MiB, 100 * MiB) }));
  t.is(inside.bytes, 200 * MiB);

  const first = memoryLeft(
    system({
      "proc/self/cgroup": "5:cpu,memory:/box\n3:pids:/box\n",
      "cgroup/memory/box/memory.limit_in_bytes": `${700 * MiB}\n`,
      "cgroup/memory/box/memory.usage_in_bytes": `${600 * MiB}\n`,
      "cgroup/memory/box/memory.stat": `total_inactive_file ${20 * MiB}\n`,
    }),
  );
  t.deepEqual(first, { bytes: 120 * MiB, limit: "the cgroup limit memory.limit_in_bytes, which is 700 MiB" });
  // Without a limit the first version says a number beyond all memory.
  const none = system({
    "proc/self/cgroup": "5:memory:/box\n",
    "cgroup/memory/box/memory.limit_in_bytes": "9223372036854771712\n",
    "cgroup/memory/box/memory.usage_in_bytes": "1\n",
  });
  t.is(memoryLeft(none).limit, "the free memory of the machine");
});

plainTest("a maximum counts what the process holds already, and never raises a limit", (t) => {
  const folders = system({});
  const { bytes, limit } = withMaxMemory("2GiB", () => memoryLeft(folders));
  const rss = process.memoryUsage.rss();
  // It grows a little between the two looks at it.
  t.true(Math.abs(bytes - (2 * 2 ** 30 - rss)) < 64 * MiB, `${bytes} of ${rss}`);
  t.is(limit, "maxMemory, which is 2 GiB");
  t.is(withMaxMemory("20GiB", () => memoryLeft(folders)).bytes, 8 * 2 ** 30);
  t.is(withMaxMemory("1MiB", () => memoryLeft(folders)).bytes, 0);
  t.is(withMaxMemory(null, () => memoryLeft(folders)).bytes, 8 * 2 ** 30);
});

/** A table of 2,000 rows and 300 numbers, 2.4 MB of them. */
const table = (): string => {
  const row = Array.from({ length: 300 }, (_, j) => j % 10).join(",");
  const header = Array.from({ length: 300 }, (_, j) => `g${j}`).join(",");
  return `${header}\n${`${row}\n`.repeat(2000)}`;
};

test("tables, labels and fits that do not fit are refused with both numbers; then everything goes on", async (t) => {
  const labels = `x,site\n${Array.from({ length: 60_000 }, (_, i) => `${i % 7},site number ${i}\n`).join("")}`;
  const dir = folder({ "table.csv": table(), "labels.csv": labels });
  const tight = <T>(work: () => Promise<T>): Promise<T> => withMaxMemory("1MiB", work);
  const data = join(dir, "table.csv");
  const read = await refused(t, () => tight(() => readDataset({ data })));
  t.is(read.path, data);
  t.regex(read.message, /^reading the table needs .* of memory; 0\.0 KiB are left of maxMemory, which is 1 MiB$/);
  await refused(t, () => tight(() => readDataset({ data: join(dir, "labels.csv"), environment: "site" })));

  const world = { data: new Float32Array(400 * 1000).map((_, i) => Math.sin(i * i)), shape: [400, 1000] } as const;
  await refused(t, () => fit({ method: "pca", latentDim: 2, data: world }, { maxMemory: "1MiB" }).result);
  const model = await fit({ method: "pca", latentDim: 2, data: world }, { maxMemory: "64GiB" }).result;
  t.is(model.outcome.kind, "converged");
  await refused(t, () => tight(() => model.transform({ ...world })));
  t.deepEqual((await model.transform({ ...world })).shape, [400, 2]);
  t.is((await readDataset({ data })).inputs.rows, 2000);
  const wrong = await t.throwsAsync(fit({ method: "pca", data: world }, { maxMemory: "much" }).result);
  t.is((wrong as DisentangleError).code, "CONFIG_OUT_OF_RANGE");
});

test("what is made on the way to a result is asked for, too", async (t) => {
  const tight = <T>(work: () => Promise<T>): Promise<T> => withMaxMemory("1MiB", work);
  const world = { simulator: "tree-world", depth: 2, pointsPerEnvironment: 10_000, inputs: 50 } as const;
  const made = await refused(t, () => tight(() => simulate(world)));
  t.regex(made.message, /^a table of numbers on the way to the result needs \d+ MiB of memory; /);
  const latents = { data: new Float32Array(500_000).map((_, i) => Math.sin(i * i)), shape: [100_000, 5] } as const;
  const columns = ["z1", "z2", "z3", "z4", "z5"];
  await refused(t, () => tight(() => latentGraph({ ...latents, columns })));
  t.is((await latentGraph({ ...latents, columns })).latents.length, 5);
});

test("on the command line a limit is a flag, a key of the file and a variable", async (t) => {
  const cwd = folder({
    "table.csv": table(),
    "run.yaml": "method: pca\nlatentDim: 2\ndata: table.csv\nmaxMemory: 1MiB\n",
  });
  const fits = ["fit", "--method", "pca", "--latent-dim", "2", "--data", "table.csv", "--out", "run", "--json"];
  const code = async (args: readonly string[], env = {}): Promise<string> => {
    const { code, stdout } = await run(args, { cwd, env });
    t.is(code, args.includes("much") ? 2 : 1, stdout);
    return (JSON.parse(stdout) as { error: { code: string } }).error.code;
  };
  t.is(await code([...fits, "--max-memory", "1MiB"]), "MEMORY_LIMIT");
  t.is(await code(["fit", "--config", "run.yaml", "--out", "run", "--json"]), "MEMORY_LIMIT");
  t.is(await code(fits, { DISENTANGLE_MAX_MEMORY: "1MiB" }), "MEMORY_LIMIT");
  t.is(await code(["inspect", "table.csv", "--json", "--max-memory", "1MiB"]), "MEMORY_LIMIT");
  t.is(await code([...fits, "--max-memory", "much"]), "CONFIG_OUT_OF_RANGE");
});

/** Options of Node with which a process tells its greatest size at its end. */
function sizeAtEnd(): string {
  const dir = folder({
    "size.cjs":
      'process.on("exit", () => process.stderr.write(require("node:fs").readFileSync("/proc/self/status", "latin1")));\n',
  });
  return `--require ${join(dir, "size.cjs")}`;
}

(process.platform === "linux" ? test : test.skip)(
  "a process with little address space says what it needs instead of being ended",
  async (t) => {
    const cwd = folder({});
    // 30 million rows of 40 numbers that take no disk: the file has a header, and then a hole.
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (30000000, 40), }".padEnd(117);
    const file = openSync(join(cwd, "huge.npy"), "w");
    writeSync(file, Buffer.from(`\x93NUMPY\x01\x00\x76\x00${header}\n`, "latin1"));
    writeSync(file, Buffer.alloc(1), 0, 1, 128 + 30_000_000 * 160 - 1);
    const fits = ["fit", "--method", "pca", "--latent-dim", "2", "--data", "huge.npy", "--out", "run", "--json"];
    // WebAssembly keeps gigabytes of addresses that it does not use: a process is limited to what it has at its start, and 2 GiB.
    const about = ["doctor", "--json"];
    const { stderr: status } = await run(about, { env: { NODE_OPTIONS: sizeAtEnd() } });
    const kilobytes = Number(/VmPeak:\s+(\d+)/.exec(status)?.[1]) + 2 * 2 ** 20;
    const { code, stdout, stderr } = await run(fits, { cwd, shell: `ulimit -v ${kilobytes}` });
    t.is(code, 1, stderr);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    t.is(error.code, "MEMORY_LIMIT", error.message);
    t.regex(
      error.message,
      /^reading .* needs \d\.\d GiB of memory; .*(address space \(ulimit\)|the system gives no more)/,
    );
    const world = [
      "simulate",
      "tree-world",
      "--depth",
      "4",
      "--points-per-environment",
      "1000000",
      "--out",
      "w",
      "--json",
    ];
    const made = await run(world, { cwd, shell: `ulimit -v ${kilobytes}` });
    t.is(made.code, 1, made.stderr);
    t.is((JSON.parse(made.stdout) as { error: { code: string } }).error.code, "MEMORY_LIMIT");
  },
);
