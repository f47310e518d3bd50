/** Exit codes, the same for every command. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  someFailed: 3,
  hungUp: 129,
  interrupted: 130,
  warned: 138,
  terminated: 143,
} as const;
