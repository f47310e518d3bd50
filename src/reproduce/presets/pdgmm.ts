// Causes that are silent in part of the rows: all presets of the method.
import type { Preset } from "../preset.js";
import { BALLS } from "./pdgmm/balls.js";
import { GRAPH } from "./pdgmm/graph.js";
import { MISSPECIFIED } from "./pdgmm/misspecified.js";
import { ROTATION } from "./pdgmm/rotation.js";
import { TABLE_1 } from "./pdgmm/table-1.js";

/** All presets of the method. */
export const PDGMM: readonly Preset[] = [TABLE_1, ROTATION, MISSPECIFIED, GRAPH, BALLS];
