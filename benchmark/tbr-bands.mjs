// TBR and its baseline on worlds of the paper's size: are the bands of the paper reached?

import { bands } from "./bands.mjs";

export const about = "TBR and `shared-head` on tree worlds of the paper's size (254 environments x 3000 rows)";
export const { run, render } = bands("tbr");
