import { inspect } from "node:util";
import type { ErrorCode } from "./generated/errors.js";

export type { ErrorCode };

/** A failure as plain data: what crosses the native boundary and what `--json` prints. */
export interface Failure {
  /** Stable identifier, `AREA_PROBLEM`. Codes are never renamed and never reused. */
  readonly code: ErrorCode;
  /** One line: what, where, got, allowed. */
  readonly message: string;
  /** Where: a configuration path (`latentDim`) or `file:line:column`. */
  readonly path?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** The numbers behind the message, for programs. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/** The optional parts of a failure. */
export interface FailureDetail {
  readonly path?: string | undefined;
  readonly hint?: string | undefined;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  /** The error behind this one. */
  readonly cause?: unknown;
}

/**
 * The one class of error this package throws. Switch on `code`, never on the message.
 *
 * @example
 * ```ts
 * import { fit, isDisentangleError } from "disentangle";
 * try {
 *   await fit({ method: "tbr", data: "missing.csv" }).result;
 * } catch (error) {
 *   if (isDisentangleError(error) && error.code === "DATA_NOT_FOUND") console.log(error.hint);
 *   else throw error;
 * }
 * ```
 */
export class DisentangleError extends Error implements Failure {
  readonly code: ErrorCode;
  readonly path?: string;
  readonly hint?: string;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(failure: Failure, cause?: unknown) {
    super(failure.message, cause === undefined ? undefined : { cause });
    this.name = "DisentangleError";
    this.code = failure.code;
    if (failure.path !== undefined) this.path = failure.path;
    if (failure.hint !== undefined) this.hint = failure.hint;
    this.context = failure.context ?? {};
    // Of an error that is posted to another thread only message and stack arrive: the code goes along, as in Node's own errors.
    const stack = this.stack?.replace(/^\w*Error(?=: |\n|$)/, `DisentangleError [${failure.code}]`);
    Object.defineProperty(this, "stack", { value: stack, writable: true, configurable: true });
  }

  /**
   * The error again, of what crossed to another thread, process or machine: of `toJSON()`, of `structuredClone(error)`, of the
   * `error` that `--json` prints. What is no failure of this package becomes `INTERNAL_PANIC` with its message.
   */
  static from(value: unknown): DisentangleError {
    if (value instanceof DisentangleError) return value;
    const given = (typeof value === "object" && value !== null ? value : {}) as Partial<Record<string, unknown>>;
    const inner = isFailureData(given) ? given : isFailureData(given.error) ? given.error : undefined;
    if (inner === undefined) {
      const code = /^DisentangleError \[(\w+)\]/.exec(String(given.stack))?.[1] as ErrorCode | undefined;
      return new DisentangleError({ code: code ?? "INTERNAL_PANIC", message: messageOf(value) }, given.cause);
    }
    const { code, message, path, hint, context } = inner;
    return new DisentangleError({
      code,
      message,
      ...(typeof path === "string" && { path }),
      ...(typeof hint === "string" && { hint }),
      ...(typeof context === "object" && context !== null && { context }),
    });
  }

  /** The failure as plain data, with the causes' messages left out. */
  toJSON(): Failure {
    return {
      code: this.code,
      message: this.message,
      ...(this.path !== undefined && { path: this.path }),
      ...(this.hint !== undefined && { hint: this.hint }),
      ...(Object.keys(this.context ?? {}).length > 0 && { context: this.context }),
    };
  }
}

function isFailureData(value: unknown): value is Failure {
  const { code, message } = (typeof value === "object" && value !== null ? value : {}) as Partial<Failure>;
  return typeof code === "string" && /^[A-Z]+(_[A-Z]+)+$/.test(code) && typeof message === "string";
}

/** A `DisentangleError`; the caller throws it where control flow should be visible. */
export function failure(code: ErrorCode, message: string, detail: FailureDetail = {}): DisentangleError {
  const { path, hint, context, cause } = detail;
  return new DisentangleError(
    {
      code,
      message,
      ...(path !== undefined && { path }),
      ...(hint !== undefined && { hint }),
      ...(context !== undefined && { context }),
    },
    cause,
  );
}

/** Throws a `DisentangleError`. */
export function fail(code: ErrorCode, message: string, detail: FailureDetail = {}): never {
  throw failure(code, message, detail);
}

/** Whether an unknown value is an error of this package, also one from another copy of it or from another realm. */
export function isDisentangleError(value: unknown): value is DisentangleError {
  return (
    value instanceof DisentangleError ||
    (value instanceof Error &&
      value.name === "DisentangleError" &&
      typeof (value as { code?: unknown }).code === "string")
  );
}

/** The single failures inside an error: those of `context.failures`, or the error itself. */
export function failuresOf(error: DisentangleError): readonly Failure[] {
  const inner = error.context?.failures;
  return Array.isArray(inner) && inner.length > 0
    ? (inner as Failure[])
    : [DisentangleError.prototype.toJSON.call(error)];
}

/** Throws all of `failures` as one error: nothing when there are none, the failure itself when it is alone. */
export function failAll(failures: readonly Failure[]): void {
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === 1) throw new DisentangleError(first);
  const messages = failures.map((one) => one.message).join("; ");
  fail("CONFIG_INVALID", `${failures.length} mistakes: ${messages}`, { context: { failures } });
}

/** What a thrown value says, whatever it is: also what refuses to become text. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === "string" ? thrown : inspect(thrown, { breakLength: Number.POSITIVE_INFINITY });
}

/**
 * An error for a terminal: the message with its place and code, then the hint; one block per failure.
 *
 * @param style how to mark the word `error` and the code; plain by default
 */
export function formatError(
  error: unknown,
  style: { strong(text: string): string; weak(text: string): string } = PLAIN,
): string {
  if (!isDisentangleError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    return `${style.strong("error")} ${text}`;
  }
  return failuresOf(error)
    .map((one) => {
      // Messages often name their own place; it is not said twice.
      const place = one.path !== undefined && !one.message.includes(one.path) ? `${one.path}: ` : "";
      const hint = one.hint === undefined ? "" : `\n  ${one.hint}`;
      return `${style.strong("error")} ${place}${one.message} ${style.weak(`[${one.code}]`)}${hint}`;
    })
    .join("\n");
}

const PLAIN = { strong: (text: string) => text, weak: (text: string) => text };

/** An error as the object that `--json` prints: `{ error: { code, message, path?, hint?, context? } }`. */
export function errorJson(error: unknown): { readonly error: Failure } {
  if (isDisentangleError(error)) return { error: DisentangleError.prototype.toJSON.call(error) };
  return { error: { code: "INTERNAL_PANIC", message: messageOf(error) } };
}
