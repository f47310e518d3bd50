// binding.cjs, the loader of the addon, from the template of @napi-rs/cli: the file that `napi build --platform` writes beside an addon
// (docs/decisions/0002 says why set-up builds with cargo itself).

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { addonFile, hostTarget, napiConfig, packageName } from "./platforms.mjs";
import { contentHash, isCurrent, isFile, root, stamp } from "./steps.mjs";

const FILE = "binding.cjs";

/** Writes the loader where the addon, the version or the list of platforms is another than before. */
export async function loader() {
  const local = addonFile(hostTarget());
  const isBuilt = isFile(join(root, local));
  const hash = contentHash(["package.json", ...(isBuilt ? [local] : [])]);
  if (isFile(join(root, FILE)) && isCurrent("loader", hash)) return;
  const { writeJsBinding } = await import("@napi-rs/cli");
  const addon = createRequire(import.meta.url)(isBuilt ? join(root, local) : packageName(hostTarget()));
  const { binaryName, packageName: prefix } = napiConfig();
  await writeJsBinding({
    platform: true,
    jsBinding: FILE,
    outputDir: root,
    idents: Object.keys(addon).sort(),
    binaryName,
    packageName: prefix,
    version: JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version,
  });
  stamp("loader", hash);
}
