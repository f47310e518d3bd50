// Microseconds per training step of small networks, each engine in its settings, taking turns.

import { NETS, operations } from "./nets.mjs";
import { best } from "./statistics.mjs";
import { number, table } from "./tables.mjs";
import { inTurns, programs } from "./turns.mjs";

export const about =
  "Microseconds per training step: forward, backward and Adam, in single precision; dense networks with LeakyReLU, and those of iVAE, MTRN and pdGMM at the sizes of their papers";
/** Python packages: without them their columns stay empty, and nothing is saved. */
export const peers = "optional";

/** What no library does faster on this machine, in the same run: a square product. */
const PEAK = { net: { kind: "product", rows: 2048, inner: 2048, cols: 2048 }, batch: 2048, seconds: 1 };
const PEAK_NAME = "2048x2048x2048";
/** An own figure, in microseconds: what a step costs that computes next to nothing. */
const OVERHEAD_TARGET = { "8-8": 12 };
/** How many times faster than TensorFlow.js a step is to be. */
const TFJS_TARGETS = { "tfjs-wasm": 50, "tfjs-cpu": 150 };
/** How many times faster two threads are to be than one, on the two largest networks. */
const THREADS_TARGETS = { "128-512-64-512-128": 1.7, "pdgmm-10": 1.7 };

export async function run({ torch, works, log }) {
  const tools = programs(torch, log);
  const rows = [];
  for (const [work, { net, batch, seconds, without = [] }] of Object.entries(NETS).filter(([name]) => works(name))) {
    const peers = { pytorch: ["eager", "fused", "compiled"], "tfjs-wasm": [], "tfjs-cpu": [] };
    for (const engine of without) delete peers[engine];
    rows.push(...(await inTurns(work, { request: { net, batch }, peers, seconds }, tools, log)));
    log(`${work}: ${number(best(rows, work, "disentangle").minUs)} us`);
    if (NETS[work].shareOfPeak) {
      const { seconds, ...request } = PEAK;
      rows.push(...(await inTurns(PEAK_NAME, { request, peers: { pytorch: ["mm"] }, seconds }, tools, log)));
    }
  }
  return { rows, versions: tools.versions };
}

export function render(rows) {
  const works = [...new Set(rows.map(({ work }) => work))].filter((work) => work in NETS);
  return `${stepTable(rows, works)}\n\n${rateTable(rows, works)}`;
}

function stepTable(rows, works) {
  const cell = (row) => (row ? `${number(row.minUs)} / ${number(row.medianUs)} (${row.setting})` : "");
  const times = (value) => (value === undefined ? "" : `${number(value)}x`);
  return table(
    ["network", "batch", "ours, min / median us", "PyTorch's best", "ratio of minima", "on 1 thread each"].concat([
      "target",
      "",
      "2 threads over 1",
      "tfjs-wasm",
      "tfjs-cpu",
    ]),
    works.map((work) => {
      const { target, batch } = NETS[work];
      const own = best(rows, work, "disentangle");
      const over = (engine) => ratio(best(rows, work, engine), own);
      const overhead = OVERHEAD_TARGET[work];
      const goals = {
        ...(overhead ? { [`< ${overhead} us`]: own.minUs < overhead } : atLeast("", over("pytorch"), target)),
        ...atLeast("2 threads ", gain(rows, work), THREADS_TARGETS[work]),
        ...Object.assign(
          {},
          ...Object.entries(TFJS_TARGETS).map(([name, goal]) => atLeast(`${name} `, over(name), goal)),
        ),
      };
      const missed = Object.keys(goals).filter((goal) => !goals[goal]);
      return [
        work,
        batch,
        cell(own),
        cell(best(rows, work, "pytorch")),
        times(over("pytorch")),
        times(single(rows, work)),
        Object.keys(goals).join(", "),
        missed.length === 0 ? "met" : `missed: ${missed.join(", ")}`,
        times(gain(rows, work)),
        times(over("tfjs-wasm")),
        times(over("tfjs-cpu")),
      ];
    }),
  );
}

const ratio = (theirs, own) => (theirs && own ? theirs.minUs / own.minUs : undefined);

const atLeast = (what, value, goal) =>
  value === undefined || goal === undefined ? {} : { [`${what}>= ${goal}x`]: value >= goal };

/** The ratio with one thread for each engine: what a machine whose other core is busy would give. */
function single(rows, work) {
  const alone = rows.filter(({ setting }) => /\b1 threads$/.test(setting));
  return ratio(best(alone, work, "pytorch"), best(alone, work, "disentangle"));
}

/** How many times faster two threads of ours are than one. */
function gain(rows, work) {
  const [one, two] = [1, 2].map((count) => rows.filter(({ setting }) => setting === `${count} threads`));
  return ratio(best(one, work, "disentangle"), best(two, work, "disentangle"));
}

/** Rates of the products beside the fastest square product of the same run, for each number of threads. */
function rateTable(rows, works) {
  const threads = [1, 2];
  const of = (count) => rows.filter(({ setting }) => new RegExp(`\\b${count} threads$`).test(setting));
  const rate = (row, net) => (row ? operations(net) / row.minUs / 1e3 : undefined);
  const peak = (count) =>
    Math.max(...["disentangle", "pytorch"].map((engine) => rate(best(of(count), PEAK_NAME, engine), PEAK) ?? 0));
  const cells = (work, net) =>
    threads.flatMap((count) => {
      const own = rate(best(of(count), work, "disentangle"), net);
      if (own === undefined) return ["", ""];
      return [number(own), peak(count) > 0 ? `${number((100 * own) / peak(count), 3)} %` : ""];
    });
  const line = (work) => {
    const net = NETS[work];
    const goal = net.shareOfPeak;
    const share = rate(best(of(2), work, "disentangle"), net) / peak(2);
    return [
      work,
      ...cells(work, net),
      goal ? `>= ${100 * goal} % on 2` : "",
      goal ? (share >= goal ? "met" : "missed") : "",
    ];
  };
  const square = rows.some(({ work }) => work === PEAK_NAME)
    ? [[`the fastest ${PEAK_NAME} product`, number(peak(1)), "", number(peak(2)), "", "", ""]]
    : [];
  return table(
    ["network", "1 thread, GFLOP/s", "of the peak", "2 threads, GFLOP/s", "of the peak", "target", ""],
    [...works.filter((work) => operations(NETS[work]) > 1e6).map(line), ...square],
  );
}
