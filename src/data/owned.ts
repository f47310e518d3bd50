// Arrays that nobody else can write to: what `fit` has copied already is not copied again where it is read.

const owned = new WeakSet<object>();

/** Marks a copy that no caller has. */
export function own<T extends object>(copy: T): T {
  owned.add(copy);
  return copy;
}

/** Whether an array is a copy that no caller has. */
export function isOwned(array: object): boolean {
  return owned.has(array);
}
