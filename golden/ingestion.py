"""Writes the fixtures of __test__/data: the same small table in every format, and what its readers must find.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install anndata==0.12.* pyarrow scipy
    /tmp/venv/bin/python golden/ingestion.py

Expected values are read back from the files by anndata, pandas and NumPy, so they are not this repository's opinion.
"""

import json
import shutil
import warnings
import zipfile
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp

warnings.filterwarnings("ignore")
ad.settings.allow_write_nullable_strings = True

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "__test__" / "fixtures" / "data"
ROWS, GENES = 7, 5


def cells() -> ad.AnnData:
    rng = np.random.default_rng(7)
    x = np.round(rng.normal(size=(ROWS, GENES)), 3).astype(np.float32)
    counts = rng.poisson(0.8, size=(ROWS, GENES)).astype(np.int32)
    counts[2] = 0  # an empty row, and further down an empty column
    counts[:, 3] = 0
    obs = pd.DataFrame(
        {
            "cell_type": pd.Categorical(["B", "T", "B", None, "NK", "T", "B"], categories=["T", "B", "NK"]),
            "donor": ["007", "8", "007", "9", "8", "007", "9"],
            "cluster": pd.Categorical([3, 1, 3, 1, 2, 2, 3]),
            "score": rng.normal(size=ROWS).round(3),
            "n_genes": np.arange(ROWS, dtype=np.int64) + 100,
            "is_doublet": [True, False, False, True, False, False, True],
            "maybe": pd.array([1, None, 3, 4, None, 6, 7], dtype="Int64"),
            "note": pd.array(["a", None, "c", "d", "e", "f", "g"], dtype="string"),
            "perc#mito?": np.linspace(0, 1, ROWS).astype(np.float32),
        },
        index=[f"cell{i}" for i in range(ROWS)],
    )
    var = pd.DataFrame({"mean": x.mean(axis=0)}, index=["IL1B", "CCL5", "CD40", "score", "ID2"])
    adata = ad.AnnData(x, obs=obs, var=var, layers={"counts": sp.csr_matrix(counts), "by_gene": sp.csc_matrix(counts)})
    raw = ad.AnnData(sp.csr_matrix(np.hstack([counts, counts[:, :1] + 1])), obs=obs)
    raw.var_names = [*var.index, "EXTRA"]
    adata.raw = raw
    return adata


def texts(column: pd.Series) -> list[str]:
    def text(value) -> str:
        if pd.isna(value):
            return ""
        return str(value).lower() if isinstance(value, (bool, np.bool_)) else str(value)

    return [text(value) for value in column]


def numbers(column) -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in column]


def expected(adata: ad.AnnData) -> dict:
    obs = adata.obs
    dense = lambda m: np.asarray(m.toarray() if sp.issparse(m) else m, dtype=float).tolist()
    return {
        "genes": list(adata.var_names),
        "rawGenes": list(adata.raw.var_names),
        "cells": list(adata.obs_names),
        "X": np.asarray(adata.X, dtype=np.float32).astype(float).tolist(),
        "counts": dense(adata.layers["counts"]),
        "raw": dense(adata.raw.X),
        "texts": {name: texts(obs[name]) for name in ["cell_type", "donor", "cluster", "is_doublet", "note"]},
        "numbers": {name: numbers(obs[name]) for name in ["score", "n_genes", "is_doublet", "maybe", "cluster", "perc#mito?"]},
    }


def zip_folder(folder: Path, file: Path, prefix: str = "") -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                # A fixed time: the same input gives the same bytes.
                info = zipfile.ZipInfo(prefix + path.relative_to(folder).as_posix(), (2020, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, path.read_bytes())


def write_anndata() -> None:
    adata = cells()
    adata.write_h5ad(OUT / "cells.h5ad", compression="gzip")
    golden = expected(ad.read_h5ad(OUT / "cells.h5ad"))
    for version in (2, 3):
        ad.settings.zarr_write_format = version
        folder = OUT / f"cells-v{version}.zarr"
        adata.write_zarr(folder, chunks=(3, 2))
        assert expected(ad.read_zarr(folder)) == golden
    zip_folder(OUT / "cells-v2.zarr", OUT / "cells-v2.zarr.zip", prefix="cells.zarr/")
    zip_folder(OUT / "cells-v3.zarr", OUT / "cells-v3.zarr.zip")
    shutil.rmtree(OUT / "cells-v2.zarr")
    shutil.rmtree(OUT / "cells-v3.zarr")
    small = ad.AnnData(adata.X, obs=adata.obs[["cell_type"]], var=adata.var[[]], layers={"counts": adata.layers["counts"]})
    small.write_zarr(OUT / "cells.zarr")
    whole = (OUT / "cells-v3.zarr.zip").read_bytes()
    (OUT / "truncated.zarr.zip").write_bytes(whole[: len(whole) // 2])
    (OUT / "truncated.h5ad").write_bytes((OUT / "cells.h5ad").read_bytes()[:4000])

    # What anndata 0.7 wrote: codes in obs, categories beside them.
    with h5py.File(OUT / "legacy.h5ad", "w") as file:
        file["X"] = np.asarray(adata.X)
        for name, index in (("obs", adata.obs_names), ("var", adata.var_names)):
            frame = file.create_group(name)
            frame.attrs.update({"_index": "_index", "encoding-type": "dataframe", "encoding-version": "0.1.0"})
            frame["_index"] = list(index)
            frame.attrs["column-order"] = ["cell_type"] if name == "obs" else np.array([], dtype="S1")
        categories = file.create_dataset("obs/__categories/cell_type", data=["T", "B", "NK"])
        file["obs/cell_type"] = adata.obs["cell_type"].cat.codes.to_numpy()
        file["obs/cell_type"].attrs["categories"] = categories.ref
    # A filter that needs a plug-in.
    with h5py.File(OUT / "lzf.h5ad", "w") as file:
        for name, index in (("obs", adata.obs_names), ("var", adata.var_names)):
            frame = file.create_group(name)
            frame.attrs.update({"_index": "_index", "encoding-type": "dataframe", "encoding-version": "0.2.0"})
            frame["_index"] = list(index)
            frame.attrs["column-order"] = np.array([], dtype="S1")
        file.create_dataset("X", data=np.asarray(adata.X), compression="lzf")
    # A double that 32 bits cannot hold.
    large = ad.AnnData(np.array([[1.0, 2.0], [3.0, 1e39]]))
    large.write_h5ad(OUT / "overflow.h5ad")
    (HERE / "ingestion.json").write_text(json.dumps(golden, indent=1) + "\n")


def write_tables() -> None:
    table = pd.DataFrame(
        {
            "id": ["007", "8", "9", "010"],
            "x1": [1.5, -2.25, 3.0, 0.1],
            "x2": np.array([1, 2, 3, 4], dtype=np.int64),
            "y": [0.5, None, 2.0, 1e-3],
            "env": ["b", "a", "b", "2020-01-01 00:00:00"],
            "flag": [True, False, True, True],
            "when": pd.to_datetime(["2020-01-01"] * 4),
        }
    )
    table.to_parquet(OUT / "table.parquet", index=False)
    table.drop(columns="when").to_json(OUT / "table.jsonl", orient="records", lines=True)
    table.drop(columns="when").to_json(OUT / "table.json", orient="records")
    whole = (OUT / "table.parquet").read_bytes()
    (OUT / "truncated.parquet").write_bytes(whole[:-20])


def write_arrays() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(6, 3)).astype(np.float32)
    np.save(OUT / "matrix.npy", x)
    np.savez(OUT / "arrays.npz", x=x, s=x[:, :2] * 2, u=np.array([0, 1, 1, 0, 2, 2]), other=np.zeros((4, 2)))
    np.save(OUT / "pickled.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    whole = (OUT / "arrays.npz").read_bytes()
    (OUT / "truncated.npz").write_bytes(whole[: len(whole) // 2])


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    write_anndata()
    write_tables()
    write_arrays()
