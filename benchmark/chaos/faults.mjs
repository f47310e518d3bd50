// The faults by name, in the order in which they are tried. Each gives rows `{ fault, trials, broken, figure?, value?, limit? }`.

const owners = (name) => async () => (await import("./owners.mjs"))[name];
const sweeps = (name) => async () => (await import("./sweeps.mjs"))[name];
const machines = (name) => async () => (await import("./machines.mjs"))[name];

export const FAULTS = {
  kills: () => import("./kills.mjs"),
  syscalls: () => import("./syscalls.mjs"),
  stops: () => import("./stops.mjs"),
  stalls: owners("ownersThatStall"),
  loads: owners("loadsBesideSaves"),
  writers: owners("killsOfWriters"),
  service: () => import("./service.mjs"),
  memory: () => import("./memory.mjs"),
  "sweeps-fits": sweeps("killsOfFits"),
  "sweeps-coordinator": sweeps("killsOfTheCoordinator"),
  "sweeps-crowd": sweeps("killsOfSeveral"),
  "sweeps-late": sweeps("lateOwners"),
  "sweeps-poison": sweeps("poisonedTrials"),
  "sweeps-full": sweeps("fullDisks"),
  "sweeps-costs": sweeps("whatSweepsCost"),
  "machines-workers": machines("killsOfWorkers"),
  "machines-upheavals": machines("killsOfTheRest"),
  "machines-crowd": machines("killsOfSeveral"),
  "machines-late": machines("lateWorkers"),
  "machines-clock": machines("clocksSetBack"),
  "machines-poison": machines("poisonedTrials"),
  "machines-many": machines("manyBriefTrials"),
  "machines-dispatch": machines("dispatch"),
};

/** Those of these names, with commas between them: a fault, or all whose names begin with it (`sweeps`). */
export function named(names) {
  const wanted = names?.split(",");
  const is = (one, name) => one === name || one.startsWith(`${name}-`);
  return Object.keys(FAULTS).filter((one) => wanted?.some((name) => is(one, name)) ?? true);
}
