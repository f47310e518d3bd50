// Runs many command lines in one process, each in its own folder: starting Node for each would take most of the time.
// Reads `[{ cwd, args }]` from stdin, writes `[{ code, stdout, stderr }]`.
import { text } from "node:stream/consumers";
import { main } from "../../src/cli/main.js";

const jobs = JSON.parse(await text(process.stdin)) as { cwd: string; args: string[] }[];
const streams = [process.stdout, process.stderr];
const write = streams.map((stream) => stream.write);
process.stdout.setMaxListeners(0);
const ended = [];
for (const { cwd, args } of jobs) {
  process.chdir(cwd);
  const written = ["", ""];
  streams.forEach((stream, i) => {
    stream.write = ((chunk: string, ...rest: readonly unknown[]) => {
      written[i] += chunk;
      for (const callback of rest) if (typeof callback === "function") callback();
      return true;
    }) as typeof stream.write;
  });
  const code = await main(args);
  streams.forEach((stream, i) => {
    stream.write = write[i]!;
  });
  ended.push({ code, stdout: written[0], stderr: written[1] });
}
process.stdout.write(JSON.stringify(ended));
