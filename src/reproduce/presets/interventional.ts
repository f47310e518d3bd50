// Causes from single interventions: a simulated device, drawn worlds with everything that breaks the assumptions, and the real device.
// Nothing was published of the method on these data: bands are ours.
import type { Preset } from "../preset.js";
import { CHAMBER } from "./interventional/chamber.js";
import { SACHS } from "./interventional/sachs.js";
import { TUNNEL } from "./interventional/tunnel.js";
import { WORLDS } from "./interventional/worlds.js";

/** All presets of the method. */
export const INTERVENTIONAL: readonly Preset[] = [CHAMBER, WORLDS, TUNNEL, SACHS];
