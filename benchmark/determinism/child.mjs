// The fit elsewhere: as a process (options in the argument) or as a worker thread (options in its data).

import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { fingerprint } from "./fingerprint.mjs";

const hashes = await fingerprint(isMainThread ? JSON.parse(process.argv[2]) : workerData);
if (isMainThread) console.log(JSON.stringify(hashes));
else parentPort.postMessage(hashes);
