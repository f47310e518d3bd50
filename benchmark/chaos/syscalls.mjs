// Every call of the system that writes a checkpoint: killed there, or failing there. strace (Debian package) does both.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runNode, withWorld } from "./world.mjs";

const child = fileURLToPath(new URL("./checkpointing.mjs", import.meta.url));

/** Calls that a checkpoint consists of, in order: made beside its place, written, synced, renamed. */
const CALLS = ["openat", "write", "fsync", "rename"];
const ERRORS = [
  ["openat", "EACCES"],
  ["openat", "EROFS"],
  ["openat", "ENOSPC"],
  ["write", "ENOSPC"],
  ["write", "EIO"],
  ["write", "EDQUOT"],
  ["fsync", "EIO"],
  ["rename", "ENOSPC"],
  ["rename", "EIO"],
];

export async function run({ large, log }) {
  try {
    execFileSync("unshare", ["-pf", "--mount-proc", "strace", "-V"], { stdio: "ignore" });
  } catch {
    log("skipped: needs strace and the right to make a process namespace (root)");
    return [];
  }
  return withWorld(async (folder) => {
    const attempt = (name) => [child, join(folder, "world"), join(folder, name)];
    const whole = await runNode(attempt("whole"));
    if (whole.code !== 0) throw new Error(`the fit that nobody disturbs failed: ${whole.errors}`);
    const want = resultOf(folder, "whole");
    const files = readdirSync(join(folder, "whole/checkpoint"));
    log(`checkpoints kept: ${files.join(", ")}`);

    const namespace = ["unshare", "-pf", "--mount-proc", "strace", "-f", "-qq"];
    const [program, ...rest] = [...namespace, "-o", "/dev/null", process.execPath, "-p", "process.pid"];
    const number = execFileSync(program, rest, { encoding: "utf8" }).trim();

    const trial = async (injection, file) => {
      const out = join(folder, "run");
      rmSync(out, { recursive: true, force: true });
      // In a namespace of its own the traced process has a known number, and its temporary files have known names.
      const temporary = join(out, `checkpoint/.disentangle-${number}-${file}.tmp`);
      const before = [...namespace, "-o", join(folder, "trace"), "-P", temporary, "-e", `inject=${injection}`];
      const disturbed = await runNode(attempt("run"), { before });
      const met = readFileSync(join(folder, "trace"), "utf8").includes("INJECTED") || disturbed.code === 137;
      return { disturbed, met };
    };
    const resumed = async () => {
      const again = await runNode(attempt("run"));
      return again.code === 0 && resultOf(folder, "run") === want;
    };

    const checkpoints = large ? [0, 1, 2, 3, 4] : [1];
    const kills = { fault: "SIGKILL at each call of a checkpoint, then resume", trials: 0, broken: 0 };
    for (const file of checkpoints) {
      for (const call of CALLS) {
        for (let nth = 1; nth <= 8; nth += 1) {
          const { met, disturbed } = await trial(`${call}:signal=SIGKILL:when=${nth}`, file);
          if (!met) break;
          kills.trials += 1;
          if (disturbed.code === 0 || !(await resumed())) {
            kills.broken += 1;
            log(`BROKEN: killed at ${call} ${nth} of checkpoint ${file}`);
          }
        }
      }
    }
    log(`${kills.trials} kills, ${kills.broken} broken`);

    const errors = { fault: "each call of a checkpoint fails, then resume", trials: 0, broken: 0 };
    for (const file of checkpoints) {
      for (const [call, error] of ERRORS) {
        const { met, disturbed } = await trial(`${call}:error=${error}:when=1`, file);
        if (!met) continue;
        errors.trials += 1;
        const typed = disturbed.code === 1 && disturbed.errors.startsWith("FILE_WRITE ");
        if (!typed || !(await resumed())) {
          errors.broken += 1;
          log(`BROKEN: ${error} at ${call} of checkpoint ${file}: ${disturbed.errors}`);
        }
      }
    }
    log(`${errors.trials} errors, ${errors.broken} broken`);

    const short = { fault: "files may not grow beyond a limit (short write), then resume", trials: 0, broken: 0 };
    for (const blocks of large ? [0, 1, 2, 4, 8, 16] : [1]) {
      rmSync(join(folder, "run"), { recursive: true, force: true });
      // Blocks of 512 bytes; the signal that comes with the limit is ignored, as it is in services.
      const before = ["bash", "-c", `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`, "bash"];
      const limited = await runNode(attempt("run"), { before });
      short.trials += 1;
      const typed = limited.code === 1 && limited.errors.startsWith("FILE_WRITE ");
      const nothing =
        !existsSync(join(folder, "run/checkpoint")) || readdirSync(join(folder, "run/checkpoint")).length === 0;
      if (!typed || !nothing || !(await resumed())) {
        short.broken += 1;
        log(`BROKEN: limit of ${blocks} blocks: ${limited.errors}`);
      }
    }
    return [kills, errors, short];
  });
}

function resultOf(folder, name) {
  return readFileSync(join(folder, name, "result"), "utf8");
}
