// JSON Schema definitions on stdin -> TypeScript on stdout. Started by `cargo xtask gen`.

import { text } from "node:stream/consumers";
import { compile } from "json-schema-to-typescript";

// A reference with words beside it is taken for a type of its own, and copied: its description, which names the default,
// goes around it instead.
const definitions = JSON.parse(await text(process.stdin), (_, value) =>
  typeof value?.$ref === "string" && Object.keys(value).length > 1
    ? { description: value.description, allOf: [{ $ref: value.$ref }] }
    : value,
);

// The compiler starts from one root type. A union of all definitions reaches each of them; then the root is dropped.
const root = { definitions, oneOf: Object.keys(definitions).map((name) => ({ $ref: `#/definitions/${name}` })) };
const source = await compile(root, "Root", {
  additionalProperties: false,
  bannerComment: "",
  style: { printWidth: 120 },
});
const types = source
  .replace(/^export type Root =[^;]*;\n+/m, "")
  .replace(/\/\*\*\n *\* (.*)\n *\*\//g, "/** $1 */")
  .replace(/(?<=[;}]\n)(?=\/\*\*|export )/g, "\n");
process.stdout.write(types);
