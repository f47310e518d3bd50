// Compressed files, pipes, JSON as Python writes it, and formats that are known and not read.
import { execFileSync, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { inspect, readDataset } from "../../src/data/index.js";
import { gzipSync } from "node:zlib";
import { type Answer, disentangle } from "../cli/disentangle.js";
import { fixture, matrixOf, textsOf, thrown } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "disentangle-unpacked-"));
test.after.always(() => rmSync(folder, { recursive: true }));
const CSV = "id,x,y\na,1,2\nb,3,4\n";
const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
