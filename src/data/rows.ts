/** Rows x columns, with names. */
export interface Rows {
  readonly data: Float32Array | Uint8Array;
  readonly shape: readonly [rows: number, columns: number];
  readonly columns: readonly string[];
  /** Identifiers of the rows, where the data have them. */
  readonly rowIds?: readonly string[];
}
