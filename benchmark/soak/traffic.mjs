// What the clients of the soak ask, and what each answer must be.

/** Requests by kind in each round, in words for the result. */
export const MIX =
  "rounds of 60 requests: a fit first (every tenth is hung up on), then predict and transform of one row and of 1,000, health, metrics, bad JSON, an unknown model";

const ROUND = 60;
const WIDTH = 8;

/** A client of the service at `url`: `turn(i)` sends its i-th request and checks the answer. */
export function client(url) {
  const counts = {};
  const errors = [];
  let id;
  let first;
  const rows = (n, seed = 0) =>
    Array.from({ length: n }, (_, i) => Array.from({ length: WIDTH }, (_, j) => Math.sin((i + 1) * (j + 2) + seed)));
  const data = rows(300);
  const config = {
    method: "shared-head",
    data,
    target: data.map(([a, b]) => a - b),
    latentDim: 2,
    hidden: [16],
    steps: 60,
  };

  const ask = async (kind, path, { method = "POST", body, status = 200, check = () => true, signal } = {}) => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    try {
      const response = await fetch(`${url}${path}`, { method, body, signal });
      const text = await response.text();
      const wrong = response.status !== status || !check(text);
      if (wrong) errors.push(`${kind}: ${response.status} ${text.slice(0, 200)}`);
      return text;
    } catch (error) {
      if (signal?.aborted !== true) errors.push(`${kind}: ${error.message}`);
      return "{}";
    }
  };
  const list = (n) => (text) => {
    const values = JSON.parse(text);
    return values.length === n && values.flat().every(Number.isFinite);
  };

  const fit = async (round) => {
    if (round % 10 === 9) {
      await ask("fit, hung up", "/fit", {
        body: JSON.stringify({ ...config, steps: 10_000_000, seed: 1 }),
        signal: AbortSignal.timeout(500),
      });
      return;
    }
    const seed = round % 7;
    const old = id;
    const answer = await ask("fit", "/fit", { body: JSON.stringify({ ...config, seed }) });
    id = JSON.parse(answer).id;
    if (old !== undefined && old !== id) await ask("delete", `/models/${old}`, { method: "DELETE" });
    // The same seed gives the same model, hours later too.
    if (seed === 0) {
      const told = await ask("predict 1", `/predict/${id}`, { body: JSON.stringify(rows(1, 3)), check: list(1) });
      first ??= told;
      if (told !== first) errors.push(`predict of seed 0: ${told} is not ${first}`);
    }
  };

  const others = [
    () => ask("predict 1", `/predict/${id}`, { body: JSON.stringify(rows(1, 5)), check: list(1) }),
    () => ask("transform 1", `/transform/${id}`, { body: JSON.stringify(rows(1, 6)), check: list(1) }),
    () => ask("health", "/health", { method: "GET" }),
    () => ask("predict 1000", `/predict/${id}`, { body: JSON.stringify(rows(1000, 7)), check: list(1000) }),
    () => ask("predict 1", `/predict/${id}`, { body: JSON.stringify(rows(1, 8)), check: list(1) }),
    () => ask("metrics", "/metrics", { method: "GET", check: (text) => text.includes("disentangle_requests_total{") }),
    () => ask("transform 1000", `/transform/${id}`, { body: JSON.stringify(rows(1000, 9)), check: list(1000) }),
    () => ask("bad JSON", "/fit", { body: "{", status: 400 }),
    () => ask("unknown model", "/predict/none", { body: "[[1]]", status: 404 }),
  ];
  return {
    counts,
    errors,
    turn: (i) => (i % ROUND === 0 ? fit(i / ROUND) : others[(i % ROUND) % others.length]()),
  };
}
