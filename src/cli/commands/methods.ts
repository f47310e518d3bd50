import type { Command } from "commander";
import { catalogue } from "../../catalogue.js";
import { nearest } from "../../config-keys.js";
import { fail } from "../../errors.js";
import type { MethodInfo } from "../../generated/types.js";
import { columns, print, type Style } from "../terminal.js";

/** `disentangle methods` */
export function define(command: Command): void {
  command
    .argument("[name]", "one method in detail")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExamples:\n  $ disentangle methods\n  $ disentangle methods tbr")
    .action((name: string | undefined, { json }: { json?: boolean }) => {
      const { methods } = catalogue();
      if (name === undefined) {
        print(json, { methods }, () => columns(methods.map((method) => [method.name, method.summary])));
        return;
      }
      const method = methodCalled(name, methods);
      print(json, method, (style) => detail(method, style));
    });
}

/** The method of that name. Throws `CONFIG_UNKNOWN_METHOD`. */
export function methodCalled(name: string, methods: readonly MethodInfo[]): MethodInfo {
  return methods.find((one) => one.name === name) ?? unknown(name, methods);
}

function unknown(name: string, methods: readonly MethodInfo[]): never {
  const names = methods.map((method) => method.name);
  const near = nearest(name, names);
  return fail("CONFIG_UNKNOWN_METHOD", `no method is called "${name}"`, {
    hint: near === undefined ? `there are: ${names.join(", ")}` : `did you mean "${near}"?`,
  });
}

function detail(method: MethodInfo, style: Style): string {
  const { title, authors, year, url } = method.reference;
  return [
    `${style.strong(method.name)}  ${method.title}`,
    method.summary,
    "",
    columns([
      ["needs", method.needs.join(", ")],
      ["gives", method.gives.join(", ")],
      ["identifies", method.identifies],
      ...(method.baselineOf === undefined ? [] : [["baseline of", method.baselineOf]]),
      ["reference", `${title} (${authors}, ${year})`],
      ["", url],
    ]),
  ].join("\n");
}
