"""Writes golden/superconductors.json: the 80 properties of ten compounds, by NumPy and SciPy in double precision.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scipy && /tmp/venv/bin/pip install --no-deps matminer==0.10.1
    /tmp/venv/bin/python golden/superconductors.py

Compositions are written out here and element values are read from the tables of matminer, so that neither the parser nor the
element table of the product takes part. Formulas: Hamidieh (2018), arXiv:1803.10260, Table 2, with 1.5 kJ/mol added to electron
affinities.
"""

import json
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
from scipy.constants import N_A, e
from scipy.stats import entropy, gmean

HERE = Path(__file__).resolve().parent
TABLES = Path(distribution("matminer").locate_file("matminer/utils/data_files/magpie_elementdata"))
NUMBER = {"B": 5, "C": 6, "O": 8, "Mg": 12, "Fe": 26, "Ni": 28, "Cu": 29, "As": 33, "Sr": 38, "Y": 39, "Zr": 40, "Nb": 41}
NUMBER |= {"K": 19, "Ca": 20, "Ge": 32, "Se": 34, "Sn": 50, "Te": 52, "Ba": 56, "La": 57, "Re": 75, "Hg": 80, "Pb": 82, "Bi": 83}

COMPOUNDS = {
    "Re7Zr1": {"Re": 7, "Zr": 1},
    "Nb": {"Nb": 1},
    "MgB2": {"Mg": 1, "B": 2},
    "Nb3Sn": {"Nb": 3, "Sn": 1},
    "YBa2Cu3O6.93": {"Y": 1, "Ba": 2, "Cu": 3, "O": 6.93},
    "La1.85Sr0.15CuO4": {"La": 1.85, "Sr": 0.15, "Cu": 1, "O": 4},
    "(Bi0.8Pb0.2)2Sr2Ca2Cu3O10": {"Bi": 1.6, "Pb": 0.4, "Sr": 2, "Ca": 2, "Cu": 3, "O": 10},
    "[Ba(Fe2As2)]2K0.4": {"Ba": 2, "Fe": 4, "As": 4, "K": 0.4},
    "Fe1.01Se0.5Te0.5": {"Fe": 1.01, "Se": 0.5, "Te": 0.5},
    "HgBa2Ca2Cu3O8.3": {"Hg": 1, "Ba": 2, "Ca": 2, "Cu": 3, "O": 8.3},
}


def value(table: str, symbol: str) -> str:
    return (TABLES / f"{table}.table").read_text().split("\n")[NUMBER[symbol] - 1]


def elements(symbols: list[str]) -> np.ndarray:
    """Rows: properties; columns: elements."""
    read = lambda table: np.array([float(value(table, symbol)) for symbol in symbols])
    valence = [max(abs(int(word)) for word in value("OxidationStates", symbol).split()) for symbol in symbols]
    return np.stack(
        [
            read("AtomicWeight"),
            read("FirstIonizationEnergy") * e * N_A / 1e3,
            read("AtomicRadius") * 100,
            read("Density"),
            read("ElectronAffinity") + 1.5,
            read("HeatFusion"),
            read("ThermalConductivity"),
            np.array(valence, dtype=float),
        ]
    )


def properties(composition: dict[str, float]) -> list[float]:
    p = np.array(list(composition.values()), dtype=float)
    p /= p.sum()
    out = []
    for t in elements(list(composition)):
        out += [
            t.mean(),
            np.average(t, weights=p),
            gmean(t),
            gmean(t, weights=p),
            entropy(t),  # scipy divides by the sum
            entropy(p * t),
            np.ptp(t),
            np.ptp(p * t),
            t.std(),
            np.sqrt(np.average((t - np.average(t, weights=p)) ** 2, weights=p)),
        ]
    return [float(x) for x in out]


golden = [
    {"formula": formula, "composition": composition, "properties": properties(composition)}
    for formula, composition in COMPOUNDS.items()
]
(HERE / "superconductors.json").write_text(json.dumps(golden, indent=1) + "\n")
