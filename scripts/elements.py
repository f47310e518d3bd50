"""Writes src/datasets/elements.ts: eight properties of the chemical elements, from the tables that matminer ships.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install --no-deps matminer==0.10.1
    /tmp/venv/bin/python scripts/elements.py

Only the files of the package are read: nothing of it is run.
"""

from importlib.metadata import distribution
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "src" / "datasets" / "elements.ts"
PACKAGE = distribution("matminer")
TABLES = Path(PACKAGE.locate_file("matminer/utils/data_files/magpie_elementdata"))
VERSION = "0.10.1"
EV_IN_KJ_PER_MOL = 96.48533212  # CODATA 2018: elementary charge times Avogadro constant, in kJ/mol per volt
SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo "
    "Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl "
    "Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr"
).split()


def table(name: str) -> list[str]:
    """One line per element, in order of atomic number; tables end where their source does."""
    lines = [line.strip() for line in (TABLES / f"{name}.table").read_text().split("\n")]
    return lines + [""] * (len(SYMBOLS) - len(lines))


def numbers(name: str, scale: float = 1.0) -> list[float | None]:
    def number(text: str) -> float | None:
        try:
            return float(f"{float(text) * scale:.9g}")
        except ValueError:  # "", "None", "Missing", 'Missing["Unknown"]'
            return None

    return [number(text) for text in table(name)]


def valences() -> list[float | None]:
    """The largest oxidation state without its sign."""
    states = [[abs(int(word)) for word in text.split()] for text in table("OxidationStates")]
    return [float(max(one)) if one else None for one in states]


assert PACKAGE.version == VERSION, f"expected matminer {VERSION}, found {PACKAGE.version}"
properties = [
    numbers("AtomicWeight"),
    numbers("FirstIonizationEnergy", EV_IN_KJ_PER_MOL),
    numbers("AtomicRadius", 100.0),
    numbers("Density"),
    numbers("ElectronAffinity"),
    numbers("HeatFusion"),
    numbers("ThermalConductivity"),
    valences(),
]
licence = next(file for file in PACKAGE.files or [] if "LICENSE" in file.name.upper()).read_text().strip()
conditions = licence[: licence.index("You are under no obligation")].strip()


def literal(value: float | None) -> str:
    return "null" if value is None else repr(int(value)) if value == int(value) else repr(value)


rows = [
    f'  ["{symbol}", {", ".join(literal(one[z]) for one in properties)}],\n' for z, symbol in enumerate(SYMBOLS)
]
OUT.write_text(
    f"""// Eight properties of the chemical elements. Written by scripts/elements.py from matminer {VERSION}; do not edit.
//
// The numbers are those of matminer's Magpie tables, under this license:
//
{"".join(f"// {line}".rstrip() + chr(10) for line in conditions.splitlines())}
/** The properties, in order of the columns: atomic mass (u), first ionisation energy (kJ/mol), empirical atomic radius (pm),
 * density (kg/m3), electron affinity (kJ/mol), heat of fusion (kJ/mol of atoms), thermal conductivity (W/m/K), largest
 * oxidation state. The names are those of the columns of the UCI data set. */
export const PROPERTIES = [
  "atomic_mass",
  "fie",
  "atomic_radius",
  "Density",
  "ElectronAffinity",
  "FusionHeat",
  "ThermalConductivity",
  "Valence",
] as const;

/** Where the numbers are from. */
export const ELEMENT_TABLE = "matminer {VERSION} (Magpie element data)";

/** Symbol and properties of each element, in order of atomic number; null where the source has no value. */
export const ELEMENTS: readonly (readonly [symbol: string, ...properties: (number | null)[]])[] = [
{"".join(rows)}];
"""
)
