// LaTeX tables and model cards: text that others' programs read.
import test from "ava";
import { latexOf, latexText } from "../../src/export/latex.js";
import { record } from "../report/records.js";

const rows = (latex: string): readonly string[] => latex.split("\n").filter((line) => line.includes("&"));

test("a table has a row per method, with mean and deviation over seeds, and one column per measure", (t) => {
  const records = [record({ seed: 0 }), record({ seed: 1 }), record({ method: "shared-head", quality: 0.5 })];
  const latex = latexOf(records);
  t.snapshot(latex);
  const [head, tbr, shared] = rows(latex);
  const cells = head!.split("&").length;
  t.true([tbr, shared].every((row) => row!.split("&").length === cells));
  t.regex(tbr!, /^ {4}tbr & 2 & \$0\.\d{3} \\pm /);
  t.regex(shared!, /^ {4}shared-head & 1 & \$0\.\d{3}\$/);
  t.regex(latex, new RegExp(`\\\\begin\\{tabular\\}\\{lr${"r".repeat(cells - 2)}\\}`));
  for (const rule of ["toprule", "midrule", "bottomrule"]) t.is(latex.split(`\\${rule}`).length, 2);
});

test("every environment that is opened is closed, and dollar signs come in pairs", (t) => {
  const latex = latexOf([record(), record({ seed: 3, depth: 2 })]);
  const open: string[] = [];
  for (const [, what, name] of latex.matchAll(/\\(begin|end)\{(\w+)\}/g)) {
    if (what === "begin") open.push(name!);
    else t.is(open.pop(), name);
  }
  t.deepEqual(open, []);
  t.is(latex.replaceAll("\\$", "").split("$").length % 2, 1);
});

test("what is special in LaTeX is printed as it is", (t) => {
  t.is(
    latexText("a_b & 50% of #1 {x} $y$ ~ ^ \\ R\u00b2"),
    "a\\_b \\& 50\\% of \\#1 \\{x\\} \\$y\\$ \\textasciitilde{} \\textasciicircum{} \\textbackslash{} R\\textsuperscript{2}",
  );
  const named = record();
  const manifest = { ...named.manifest, dataset: { ...named.manifest.dataset, name: "50%_of\nall" } };
  t.regex(latexOf([{ ...named, manifest }]), /\\caption\{50\\%\\_of all: mean/);
});
