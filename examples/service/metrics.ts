// Metrics in the text format of Prometheus, version 0.0.4.
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Counts and times requests. */
export interface Metrics {
  /** A request to a route has begun; what it gives is called with the status at its end. */
  start(route: string): (status: number | "aborted") => void;
  /** All metrics. */
  text(): string;
}

/** Seconds: from a row of a small model to a fit. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600];

interface Times {
  readonly counts: number[];
  sum: number;
  count: number;
}

/**
 * Metrics of the requests, the process and `gauges`, whose values are asked when they are read.
 *
 * @param gauges help and value by name
 */
export function createMetrics(gauges: Readonly<Record<string, readonly [string, () => number]>>): Metrics {
  const totals = new Map<string, number>();
  const times = new Map<string, Times>();
  let underWay = 0;
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const begun = Date.now() / 1000 - process.uptime();
  return {
    start(route) {
      const from = performance.now();
      underWay += 1;
      return (status) => {
        underWay -= 1;
        const labels = `{route="${route}",status="${status}"}`;
        totals.set(labels, (totals.get(labels) ?? 0) + 1);
        const seconds = (performance.now() - from) / 1000;
        const own = times.get(route) ?? { counts: BUCKETS.map(() => 0), sum: 0, count: 0 };
        times.set(route, own);
        own.sum += seconds;
        own.count += 1;
        BUCKETS.forEach((bound, i) => {
          if (seconds <= bound) own.counts[i]! += 1;
        });
      };
    },
    text() {
      const { user, system } = process.cpuUsage();
      const single = {
        ...gauges,
        disentangle_requests_under_way: ["Requests without an answer yet.", () => underWay],
        process_resident_memory_bytes: ["Resident memory.", () => process.memoryUsage.rss()],
        process_start_time_seconds: ["Start of the process, seconds since 1970.", () => begun],
        // The monitor counts its own period.
        nodejs_eventloop_delay_p99_seconds: [
          "99th percentile of the delay of the event loop since the last reading.",
          () => Math.max(0, delay.percentile(99) / 1e9 - 0.01),
        ],
      } satisfies Record<string, readonly [string, () => number]>;
      const text = [
        ...family("disentangle_requests_total", "counter", "Requests by route and status.", [...totals]),
        ...family("process_cpu_seconds_total", "counter", "Processor time.", [["", (user + system) / 1e6]]),
        ...Object.entries(single).flatMap(([name, [help, value]]) => family(name, "gauge", help, [["", value()]])),
        ...head("disentangle_request_seconds", "histogram", "Time to the end of the answer."),
        ...[...times].flatMap(([route, own]) => histogram("disentangle_request_seconds", route, own)),
      ].join("\n");
      delay.reset();
      return `${text}\n`;
    },
  };
}

function head(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function family(name: string, type: string, help: string, values: readonly (readonly [string, number])[]): string[] {
  return [...head(name, type, help), ...values.map(([labels, value]) => `${name}${labels} ${value}`)];
}

function histogram(name: string, route: string, { counts, sum, count }: Times): string[] {
  const label = `route="${route}"`;
  return [
    ...BUCKETS.map((bound, i) => `${name}_bucket{${label},le="${bound}"} ${counts[i]}`),
    `${name}_bucket{${label},le="+Inf"} ${count}`,
    `${name}_sum{${label}} ${sum}`,
    `${name}_count{${label}} ${count}`,
  ];
}
