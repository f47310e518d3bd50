// The thread that reports are drawn on: layouts of graphs and charts take seconds. It answers one request after the other.
import { parentPort } from "node:worker_threads";
import { errorJson } from "../errors.js";
import { report } from "./index.js";
import type { Answer, Request } from "./thread.js";

parentPort?.on("message", async ({ records, options }: Request) => {
  parentPort?.postMessage(
    await report(records, options).then(
      (made): Answer => ({ made }),
      (error: unknown): Answer => ({ failure: errorJson(error).error }),
    ),
  );
});
