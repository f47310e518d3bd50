import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import anyTest, { type TestFn } from "ava";
import { nativeTarget } from "../src/native.js";

/** The addon of this checkout. */
export const addonPath = fileURLToPath(new URL(`../disentangle.${nativeTarget()}.node`, import.meta.url));

/** `test` where the addon was built, `test.skip` elsewhere: then the tests count as skipped, which CI refuses. */
export const testWithAddon = (existsSync(addonPath) ? anyTest : anyTest.skip) as TestFn;
