import { STEPS } from "./theme.js";

/** Color by name; the same names in both themes. */
type Palette = Readonly<Record<string, string>>;

const LIGHT: Palette = {
  page: "#f5f6f8",
  card: "#ffffff",
  ink: "#14181f",
  "ink-2": "#47505e",
  "ink-3": "#626c79",
  line: "#e3e6eb",
  grid: "#eceef2",
  axis: "#b4bbc6",
  band: "#d9dde4",
  undefined: "#eceef2",
  accent: "#0b62a8",
  code: "#f2f4f7",
  shade: "#14181f33",
  good: "#00735a",
  partial: "#8f5a00",
  poor: "#a33b00",
  unknown: "#4d5867",
  "series-1": "#0072b2",
  "series-2": "#d55e00",
  "series-3": "#009e73",
  "series-4": "#b5548c",
  "series-5": "#c28800",
  "series-6": "#3a9bd0",
  "series-7": "#5a6270",
};

const DARK: Palette = {
  page: "#0e1116",
  card: "#161a21",
  ink: "#eef1f5",
  "ink-2": "#b3bcc9",
  "ink-3": "#8a94a3",
  line: "#272d37",
  grid: "#222832",
  axis: "#4c5665",
  band: "#343c48",
  undefined: "#222832",
  accent: "#6db7f2",
  code: "#1d222b",
  shade: "#000000b0",
  good: "#3fcf9f",
  partial: "#f0b429",
  poor: "#ff8a55",
  unknown: "#a8b2c0",
  "series-1": "#4aa8e0",
  "series-2": "#f58442",
  "series-3": "#2fc496",
  "series-4": "#e08fbf",
  "series-5": "#f2b632",
  "series-6": "#9ad4f5",
  "series-7": "#c3cad4",
};

/** From little to much; in the dark theme the other way round, so that nothing stays close to the ground in both. */
const SEQUENTIAL_LIGHT = [
  "#f3f8ec",
  "#e0f2c8",
  "#bfe5b5",
  "#85cfb9",
  "#4ab5c0",
  "#2690bd",
  "#2366a8",
  "#253f93",
  "#141f5c",
];
const SEQUENTIAL_DARK = [
  "#1b2130",
  "#1f2f57",
  "#25468c",
  "#2a66a8",
  "#2b8bb8",
  "#46b1bf",
  "#85cfb9",
  "#c3e8b4",
  "#f2f9c8",
];
const DIVERGING_LIGHT = [
  "#0f5591",
  "#3a86c0",
  "#83b6de",
  "#c5def0",
  "#f3f4f5",
  "#fbdfbf",
  "#f4b473",
  "#dc7d22",
  "#9a4a00",
];
const DIVERGING_DARK = [
  "#8ccbff",
  "#4c9fe0",
  "#2a6ca6",
  "#1d4263",
  "#232933",
  "#54391c",
  "#95591a",
  "#e08b2e",
  "#ffc078",
];

function variables(palette: Palette, sequential: readonly string[], diverging: readonly string[]): string {
  const steps = Array.from({ length: STEPS }, (_, i) => [
    ...[`--seq-${i}:${sequential[i]}`, `--seq-ink-${i}:${inkOn(sequential[i]!)}`],
    ...[`--div-${i}:${diverging[i]}`, `--div-ink-${i}:${inkOn(diverging[i]!)}`],
  ]).flat();
  return [...Object.entries(palette).map(([key, color]) => `--${key}:${color}`), ...steps].join(";");
}

/** Black or white, whichever has the higher contrast (WCAG 2 relative luminance). */
export function inkOn(color: string): string {
  const luminance = relativeLuminance(color);
  return (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) ? "#000000" : "#ffffff";
}

/** WCAG 2 relative luminance of "#rrggbb". */
export function relativeLuminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** The palettes by theme, for those who check contrasts. */
export const PALETTES = { light: LIGHT, dark: DARK } as const;

const FONT = `ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif`;
const MONO = `ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace`;

/** The style sheet. Dark follows the reader's system; paper is always light. */
export const STYLE = `:root{color-scheme:light;${variables(LIGHT, SEQUENTIAL_LIGHT, DIVERGING_LIGHT)}}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;${variables(DARK, SEQUENTIAL_DARK, DIVERGING_DARK)}}}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth;scroll-padding-top:24px}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.6 ${FONT};font-variant-numeric:tabular-nums;overflow-wrap:break-word}
a{color:var(--accent);text-underline-offset:3px;text-decoration-thickness:1px}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:4px}
.skip{position:absolute;left:-999px}
.skip:focus{left:16px;top:16px;background:var(--card);padding:8px 12px;z-index:2}
.sheet{max-width:1180px;margin:0 auto;padding:0 16px 64px;display:grid;grid-template-columns:minmax(0,1fr);gap:0 48px}
main{min-width:0}
h1,h2,h3,.headline{line-height:1.2;letter-spacing:-.015em;text-wrap:balance;margin:0}
h1{font-size:clamp(28px,5vw,42px);font-weight:700;letter-spacing:-.025em}
h2,.card>h3{font-size:22px;font-weight:650}
.chapter-title{font-size:30px;font-weight:700;margin:72px 0 24px;padding-top:32px;border-top:1px solid var(--line)}
p{margin:0 0 12px}
.title{padding:48px 0 28px}
.eyebrow{font-size:13px;font-weight:600;letter-spacing:.02em;color:var(--accent);margin:0 0 10px}
.meta{color:var(--ink-3);margin:12px 0 0}
.introduction{font-size:18px;max-width:68ch;color:var(--ink-2);margin:16px 0 0}
.contents{display:none;font-size:14px;line-height:1.35}
.contents ul{list-style:none;margin:0;padding:0}
.contents ul ul{border-left:1px solid var(--line);margin:4px 0 14px 2px;padding-left:12px}
.contents a{display:block;padding:5px 0;color:var(--ink-2);text-decoration:none}
.contents a:hover{color:var(--accent)}
.contents summary{width:auto;font-weight:600;color:var(--ink);padding:5px 0}
.contents details{margin:0}
.card,.verdict{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:24px 16px;margin:0 0 20px}
.lead{color:var(--ink-2);max-width:72ch;margin:8px 0 20px}
.card>h2+:not(.lead),.card>h3+:not(.lead){margin-top:18px}
.verdict{--tone:var(--unknown);border-top:4px solid var(--tone);padding-top:22px}
.good{--tone:var(--good)}.partial{--tone:var(--partial)}.poor,.failed{--tone:var(--poor)}.unknown{--tone:var(--unknown)}
.verdict>p{max-width:74ch}
.headline{display:flex;gap:12px;align-items:center;font-size:24px;font-weight:680;margin:0 0 12px;color:var(--ink)}
.icon{flex:none}
.icon circle{fill:var(--tone)}
.icon path{fill:none;stroke:var(--card);stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round}
.remark{border-left:3px solid var(--axis);padding-left:14px;color:var(--ink-2)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(138px,1fr));gap:18px 24px;margin:22px 0 0;padding-top:20px;border-top:1px solid var(--line)}
.tiles dt{font-size:13px;color:var(--ink-3);line-height:1.35}
.tiles dd{margin:2px 0 0}
.tiles b{display:block;font-size:30px;font-weight:650;letter-spacing:-.025em;line-height:1.2}
.tiles span{font-size:13px;color:var(--ink-2)}
.tiles dt .name{color:inherit}
.level{color:var(--tone);font-weight:600}
.scroll{overflow-x:auto;max-width:100%;overscroll-behavior-x:contain;background:linear-gradient(90deg,var(--card) 30%,transparent) 0 0/48px 100% no-repeat local,linear-gradient(270deg,var(--card) 30%,transparent) 100% 0/48px 100% no-repeat local,radial-gradient(farthest-side at 0 50%,var(--shade),transparent) 0 0/14px 100% no-repeat scroll,radial-gradient(farthest-side at 100% 50%,var(--shade),transparent) 100% 0/14px 100% no-repeat scroll}
.tall{max-height:max(84vh,880px);overflow:auto}
figure{margin:0}
.card>.figure+.figure,.card>.scroll+.figure,.card>.figure+.scroll{margin-top:36px}
.card>.legend{margin:16px 0 20px}
figcaption{margin:0 0 12px;max-width:74ch}
figcaption strong{display:block;font-weight:620}
figcaption span{display:block;font-size:14px;line-height:1.5;color:var(--ink-2)}
.picture svg{display:block}
.pictures{width:auto}
.pictures th,.pictures td{border:0;padding:1px 12px 1px 0;vertical-align:middle}
.pictures img{display:block;image-rendering:pixelated}
.pictures div{display:flex;gap:10px;margin:1px 0}
.half svg,.wide:not(.natural) svg,.narrow:not(.natural) svg{max-width:100%;height:auto}
.picture text{font-family:${FONT};font-variant-numeric:tabular-nums}
.wide{display:none}
.grid{display:grid;grid-template-columns:minmax(0,1fr);gap:32px 28px;align-items:start}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:0 0 8px;padding:0;font-size:14px;color:var(--ink-2)}
.legend li{display:flex;align-items:center;gap:7px;min-width:0}
.legend svg{flex:none}
.ramp{display:flex;align-items:center;gap:8px;font-size:13px;color:var(--ink-2);margin:0 0 10px}
.steps{display:inline-flex;border-radius:3px;overflow:hidden}
.steps i{width:18px;height:12px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
details{margin:14px 0 0}
summary{cursor:pointer;color:var(--ink-2);font-size:14px;width:fit-content;max-width:100%;padding:3px 0}
summary:hover{color:var(--accent)}
details[open]>summary{margin-bottom:8px}
.name{display:inline-block;max-width:min(34ch,60vw);overflow:hidden;text-overflow:ellipsis;white-space:nowrap;vertical-align:bottom}
table{border-collapse:collapse;font-size:14px;line-height:1.45;min-width:min(100%,420px)}
caption{text-align:left;color:var(--ink-3);font-size:13px;padding:0 0 8px}
th,td{padding:7px 20px 7px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);font-weight:400}
thead th{color:var(--ink-3);font-size:13px;white-space:nowrap;border-bottom-color:var(--axis)}
tbody th{font-weight:550}
tbody tr:last-child>*{border-bottom:0}
.number{text-align:right;white-space:nowrap}
.sd{color:var(--ink-3)}
.absent{color:var(--ink-3);font-style:italic;white-space:normal}
.behind .scroll{max-height:420px;overflow:auto}
.behind .scroll+.scroll{margin-top:20px}
.bar{display:block;height:8px;margin-top:6px;min-width:2px;border-radius:2px;background:var(--series-1);print-color-adjust:exact;-webkit-print-color-adjust:exact}
td:has(>.bar){width:60%;min-width:120px;padding-right:0}
table:has(.bar){width:100%}
.notes{margin:20px 0 0;padding-left:18px;color:var(--ink-2);font-size:14px}
.assumptions,.warnings{list-style:none;margin:0;padding:0}
.assumption{--tone:var(--unknown);display:grid;grid-template-columns:20px minmax(0,1fr);gap:4px 14px;padding:14px 0;border-top:1px solid var(--line)}
.assumption:first-child{border-top:0;padding-top:0}
.assumption:last-child{padding-bottom:0}
.assumption.ok{--tone:var(--good)}.assumption.warning{--tone:var(--partial)}.assumption.violated{--tone:var(--poor)}
.assumption .icon{margin-top:3px}
.assumption p{margin:0;color:var(--ink-2);max-width:70ch}
.assumption .question{color:var(--ink);font-weight:600}
.status{grid-column:2;font-size:14px;font-weight:600;color:var(--tone);white-space:nowrap}
.warnings li{padding:12px 0;border-top:1px solid var(--line)}
.warnings li:first-child{border-top:0;padding-top:0}
.warnings p{margin:4px 0 0;max-width:74ch}
.drawing text{paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
.hint,.runs{color:var(--ink-2)}
.runs{font-size:13px}
code,pre{font-family:${MONO};font-size:13px;line-height:1.55}
code{overflow-wrap:anywhere}
pre{margin:0;padding:14px 16px;background:var(--code);border-radius:8px;width:max-content;min-width:100%}
pre code{overflow-wrap:normal}
pre.command{user-select:all}
details>pre{overflow:auto;width:auto}
#main .card>.scroll+.scroll,.card>.scroll+details,.card>details+.scroll{margin-top:18px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(120px,1fr));gap:16px 24px;margin:0}
.facts dt{font-size:13px;color:var(--ink-3)}
.facts dd{margin:0;font-weight:600;min-width:0}
.facts code{font-weight:400}
.facts .name,.names .name,.legend .name,h2 .name{max-width:100%}
summary .name{max-width:calc(100% - 20px)}
.facts .long{grid-column:span 2}
code .name,.name code{max-width:16ch}
.names{columns:12ch auto;column-gap:24px;list-style:none;padding:0;margin:0;font-size:14px}
.facts+details~.scroll{margin-top:18px}
footer{color:var(--ink-3);font-size:13px;padding-top:12px}
@media (min-width:720px){
.card,.verdict{padding:28px}
.wide{display:block}.narrow{display:none}
.grid{grid-template-columns:repeat(2,minmax(0,1fr))}
.assumption{grid-template-columns:20px minmax(0,1fr) auto}
.status{grid-column:auto}
}
@media (min-width:1140px){
.sheet{grid-template-columns:200px minmax(0,1fr)}
.contents{display:block;position:sticky;top:0;align-self:start;max-height:100vh;overflow-y:auto;padding:56px 0 24px}
}
@media print{
@page{margin:16mm}
body{background:none;font-size:11pt}
.sheet{display:block;max-width:none;padding:0}
.contents,.skip{display:none}
.card,.verdict{border:0;border-top:1px solid var(--axis);border-radius:0;padding:18px 0;break-inside:auto}
.figure,.assumption,tr{break-inside:avoid}
h2,h3,figcaption{break-after:avoid}
.wide{display:block}.narrow{display:none}
.scroll,.tall,.behind .scroll{overflow:visible;max-height:none}
.picture svg{max-width:100%;height:auto}
.behind{display:none}
table{font-size:9pt}
th,td{padding:4px 12px 4px 0}
pre{white-space:pre-wrap;width:auto}
}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
`;
