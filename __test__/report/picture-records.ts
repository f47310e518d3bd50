import type { RunRecord } from "../../src/record.js";
import { record } from "./records.js";

/** What each latent is set to. */
export const VALUES: readonly number[] = [-2, -1, 0, 1, 2];

/** A pixel of the picture of latent `latent` at step `step`, 0 to 255. */
export const pixelOf = (latent: number, step: number, at: number): number => (latent * 40 + step * 50 + at * 7) % 256;

/** A run that decodes images of this size. */
export function pictureRecord(channels: 1 | 3, height: number, width: number, latents = 2): RunRecord {
  const base = record({ latents });
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  const traversals = base.summary.latents.names.map((latent, place) => ({
    latent,
    row: 3,
    values: [...VALUES],
    latents: [],
    inputs: [],
    pictures: [
      {
        view: "photo",
        channels,
        height,
        width,
        lowest: 0,
        highest: 255,
        pixels: VALUES.map((_, step) =>
          Array.from({ length: channels * height * width }, (_, at) => hex(pixelOf(place, step, at))).join(""),
        ),
      },
    ],
  }));
  return { ...base, summary: { ...base.summary, traversals } };
}

/** Rows that are shown with other latents. */
export const ROWS: readonly number[] = [4, 9];

/** The same with counterfactuals of gray images of one pixel: z1 moves them, z2 leaves them as they are decoded. */
export function counterfactualRecord(): RunRecord {
  const base = pictureRecord(1, 1, 1);
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  const counterfactuals = base.summary.latents.names.map((latent, place) => ({
    latent,
    rows: [...ROWS],
    values: [...VALUES],
    pictures: [
      {
        view: "photo",
        channels: 1,
        height: 1,
        width: 1,
        lowest: 0,
        highest: 255,
        pixels: ROWS.flatMap((row) => [
          hex(10 * row),
          hex(10 * row + 1),
          ...VALUES.map((_, step) => hex(10 * row + 1 + (place === 0 ? 20 * step : 0))),
        ]),
      },
    ],
  }));
  return { ...base, summary: { ...base.summary, counterfactuals } };
}
