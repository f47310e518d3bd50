import test from "ava";
import {
  DisentangleError,
  errorJson,
  failAll,
  failure,
  failuresOf,
  formatError,
  isDisentangleError,
} from "../../src/errors.js";

const cases = [
  {
    law: "the place stands before the message",
    error: failure("CONFIG_OUT_OF_RANGE", "0 is not >= 1", { path: "a.yaml:3:5" }),
    text: "error a.yaml:3:5: 0 is not >= 1 [CONFIG_OUT_OF_RANGE]",
  },
  {
    law: "a message that begins with its place does not say it twice",
    error: failure("CONFIG_OUT_OF_RANGE", "latentDim: 0 is not >= 1", { path: "latentDim" }),
    text: "error latentDim: 0 is not >= 1 [CONFIG_OUT_OF_RANGE]",
  },
  {
    law: "the hint stands below",
    error: failure("MODEL_CLOSED", "the model is closed", { hint: "load it again" }),
    text: "error the model is closed [MODEL_CLOSED]\n  load it again",
  },
  {
    law: "each of several failures has its own block",
    error: failure("CONFIG_INVALID", "2 mistakes", {
      context: {
        failures: [
          { code: "CONFIG_MISSING", message: "data is missing", path: "data" },
          { code: "CONFIG_UNKNOWN_KEY", message: "what: there is no such key", path: "what", hint: "look" },
        ],
      },
    }),
    text: "error data is missing [CONFIG_MISSING]\nerror what: there is no such key [CONFIG_UNKNOWN_KEY]\n  look",
  },
];

for (const { law, error, text } of cases) {
  test(`in a terminal, ${law}`, (t) => {
    t.is(formatError(error), text);
  });
}

test("what is no error of ours is shown with its stack", (t) => {
  t.regex(formatError(new TypeError("x is not a function")), /^error TypeError: x is not a function\n.*errors\.spec/);
  t.is(formatError("thrown text"), "error thrown text");
});

test("JSON holds what a program needs and nothing that was not given", (t) => {
  t.deepEqual(errorJson(failure("DATA_EMPTY", "no rows", { context: { rows: 0 } })), {
    error: { code: "DATA_EMPTY", message: "no rows", context: { rows: 0 } },
  });
  t.deepEqual(Object.keys(errorJson(failure("DATA_EMPTY", "no rows")).error), ["code", "message"]);
  t.is(errorJson(new Error("boom")).error.code, "INTERNAL_PANIC");
});

test("an error of another copy of the package is recognised", (t) => {
  const foreign = Object.assign(new Error("no rows"), { name: "DisentangleError", code: "DATA_EMPTY", context: {} });
  t.true(isDisentangleError(foreign));
  t.is(errorJson(foreign).error.code, "DATA_EMPTY");
  t.false(isDisentangleError(new Error("no rows")));
  t.false(isDisentangleError({ name: "DisentangleError", code: "DATA_EMPTY" }));
});

test("no failure throws nothing, one throws itself, several throw one error with all of them", (t) => {
  const one = { code: "DATA_EMPTY", message: "no rows" } as const;
  const two = { code: "CONFIG_MISSING", message: "data is missing" } as const;
  t.notThrows(() => failAll([]));
  t.is(t.throws(() => failAll([one]), { instanceOf: DisentangleError })?.code, "DATA_EMPTY");
  const both = t.throws(() => failAll([one, two]), { instanceOf: DisentangleError });
  t.is(both?.code, "CONFIG_INVALID");
  t.is(both?.message, "2 mistakes: no rows; data is missing");
  t.deepEqual(both && failuresOf(both), [one, two]);
});

test("the cause is kept and not printed as data", (t) => {
  const cause = new Error("inner");
  const error = failure("CALLBACK_THREW", "outer", { cause });
  t.is(error.cause, cause);
  t.deepEqual(JSON.parse(JSON.stringify(error)), { code: "CALLBACK_THREW", message: "outer" });
});
