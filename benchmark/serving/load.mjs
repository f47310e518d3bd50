// `node load.mjs URL CONNECTIONS SECONDS < body`: one JSON line with the percentiles of the answers' times.

import { readFileSync } from "node:fs";
import autocannon from "autocannon";

const [url, connections, duration] = process.argv.slice(2);
// Its own histogram counts whole milliseconds.
const times = [];
const instance = autocannon(
  {
    url,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: readFileSync(0),
    connections: Number(connections),
    duration: Number(duration),
  },
  (error, { requests, errors, non2xx }) => {
    if (error) throw error;
    times.sort((a, b) => a - b);
    const percentile = (share) => times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)];
    console.log(
      JSON.stringify({
        p50: percentile(0.5),
        p99: percentile(0.99),
        perSecond: requests.average,
        requests: times.length,
        failed: errors + non2xx,
      }),
    );
  },
);
instance.on("response", (_client, _status, _bytes, ms) => times.push(ms));
