import { type Catalogue, catalogue, DisentangleError, type ErrorCode } from "disentangle";

const all: Catalogue = catalogue();
const names: readonly string[] = all.methods.map((method) => method.name);
const code: ErrorCode = new DisentangleError({ code: "DATA_NOT_FOUND", message: names.join() }).code;
// @ts-expect-error a code that does not exist is a type error: the types are there, and are not `any`
const wrong: ErrorCode = "NO_SUCH_CODE";
export default [code, wrong];
