"""Writes the fixtures of __test__/data/formats*.spec.ts: files as neighbouring tools and old versions of them write them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install anndata==0.12.* pyarrow scipy h5py zarr
    /tmp/venv/bin/python golden/formats.py

Expected values are read back by anndata, pandas, NumPy and SciPy, or are the ones that were written where no current version reads
the file any more.
"""

import decimal
import gzip
import json
import shutil
import warnings
import zipfile
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.io
import scipy.sparse as sp

warnings.filterwarnings("ignore")
ad.settings.allow_write_nullable_strings = True

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "__test__" / "fixtures" / "formats"
ROWS = 6
X = np.arange(ROWS * 3, dtype=np.float32).reshape(ROWS, 3) / 4
BIG = 2**53 + np.arange(ROWS, dtype=np.int64)
COLUMNS = {
    "int64": BIG,
    "uint64": 2**64 - 1 - np.arange(ROWS, dtype=np.uint64),
    "float32": np.array([0.1, 0.2, 0.1, 1, 2.5, 1e-8], dtype=np.float32),
    "float64": np.array([0.1, 0.1 + 2**-55, 16777217, 1, 2.5, 0.25]),
    "flag": np.array([True, False] * 3),
}
TEXTS = {
    "int64": [str(v) for v in BIG],
    "uint64": [str(2**64 - 1 - i) for i in range(ROWS)],
    "float32": ["0.1", "0.2", "0.1", "1", "2.5", "1e-8"],
    "float64": ["0.1", repr(0.1 + 2**-55), "16777217", "1", "2.5", "0.25"],
    "flag": ["true", "false"] * 3,
}


def frame(file: h5py.File, name: str, index: list[str], columns: list[str]) -> h5py.Group:
    group = file.create_group(name)
    group.attrs.update({"_index": "_index", "encoding-type": "dataframe", "encoding-version": "0.1.0"})
    group.attrs["column-order"] = np.array(columns, dtype=h5py.string_dtype())
    group["_index"] = index
    return group


def write_anndata() -> None:
    obs = pd.DataFrame(COLUMNS, index=[f"c{i}" for i in range(ROWS)])
    obs["only"] = pd.Categorical(["one"] * ROWS)
    obs["nullable"] = pd.array(["a", None, "b", "a", "b", "a"], dtype="string")
    var = pd.DataFrame(index=["a", "b", "c"])
    adata = ad.AnnData(X, obs=obs, var=var, obsm={"X_pca": X[:, :2] * 2, "sparse": sp.csr_matrix(X)}, layers={"counts": X * 3})
    adata.write_h5ad(OUT / "labels.h5ad")
    with h5py.File(OUT / "labels.h5ad", "a") as file:
        for name, values in (("half", X[:, 0].astype(np.float16)), ("complex", X[:, 0] + 1j)):
            file[f"obs/{name}"] = values
            file[f"obs/{name}"].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        file["obs"].attrs["column-order"] = np.array([*obs.columns, "half", "complex"], dtype=h5py.string_dtype())
    ad.settings.zarr_write_format = 3
    adata.X = X.astype(np.float16)
    adata.write_zarr(OUT / "labels.zarr")
    with zipfile.ZipFile(OUT / "labels.zarr.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((OUT / "labels.zarr").rglob("*")):
            if path.is_file():
                archive.writestr(zipfile.ZipInfo(path.relative_to(OUT / "labels.zarr").as_posix(), (2020, 1, 1, 0, 0, 0)), path.read_bytes())
    shutil.rmtree(OUT / "labels.zarr")
    # Without X, with an index of whole numbers.
    bare = ad.AnnData(obs=pd.DataFrame({"y": X[:, 0]}, index=[f"c{i}" for i in range(ROWS)]), var=var, layers={"counts": X})
    bare.write_h5ad(OUT / "no-x.h5ad")
    with h5py.File(OUT / "no-x.h5ad", "a") as file:
        del file["obs/_index"]
        file["obs/_index"] = BIG

    # What anndata 0.7 wrote: categories beside the codes; a name with a slash is a group in a group.
    with h5py.File(OUT / "slash.h5ad", "w", libver="latest") as file:
        file["X"] = X
        frame(file, "obs", [f"c{i}" for i in range(ROWS)], ["site/batch", "only"])
        frame(file, "var", ["a", "b", "c"], [])
        file["obs/__categories/site/batch"] = ["north", "south"]
        file["obs/__categories/only"] = "one"
        file["obs/site/batch"] = np.array([0, 1, -1, 0, 1, 0], dtype=np.int8)
        file["obs/only"] = np.zeros(ROWS, dtype=np.int8)

    # What anndata 0.6 wrote: frames as arrays of records, categories in uns, one category as a single text.
    with h5py.File(OUT / "records.h5ad", "w", libver="latest") as file:
        file["X"] = X
        kinds = [("index", "S3"), ("site", "i1"), ("only", "i1"), ("subject", "i8"), ("y", "f4"), ("flag", "?")]
        site, only = [0, 1, -1, 0, 1, 0], [0] * ROWS
        rows = zip((f"c{i}".encode() for i in range(ROWS)), site, only, BIG, COLUMNS["float32"], COLUMNS["flag"])
        file["obs"] = np.array(list(rows), dtype=kinds)
        file["var"] = np.array([(b"a",), (b"b",), (b"c",)], dtype=[("index", "S1")])
        file["uns/site_categories"] = ["north", "south"]
        file["uns/only_categories"] = "one"
        file["raw.X"] = X * 5
        file["raw.var"] = np.array([(b"a",), (b"b",), (b"c",)], dtype=[("index", "S1")])

    # Other files of HDF5.
    with h5py.File(OUT / "loom.loom", "w", libver="latest") as file:
        file["matrix"] = X.T
        file["row_attrs/Gene"], file["col_attrs/CellID"] = [b"a", b"b", b"c"], [f"c{i}".encode() for i in range(ROWS)]
    with h5py.File(OUT / "other.h5", "w", libver="latest") as file:
        file["model_weights"] = X


def write_tenx() -> None:
    counts = np.zeros((4, ROWS), dtype=np.int32)  # features x barcodes
    counts[0, 1], counts[1, 2], counts[2, 3], counts[3, 0], counts[1, 5] = 5, 7, 9, 2, 1
    sparse = sp.csc_matrix(counts)
    barcodes = [f"ACGT{i}-1".encode() for i in range(ROWS)]
    ids, names = [b"ENSG1", b"ENSG2", b"ENSG3", b"AB1"], [b"GENE", b"TWIN", b"TWIN", b"CD3"]
    types = [b"Gene Expression"] * 3 + [b"Antibody Capture"]
    for file, group, parts in (
        ("tenx3.h5", "matrix", {"features/id": ids, "features/name": names, "features/feature_type": types}),
        ("tenx2.h5", "GRCh38", {"genes": ids, "gene_names": names}),
    ):
        with h5py.File(OUT / file, "w", libver="latest") as h5:
            for name, values in {**parts, "barcodes": barcodes}.items():
                h5[f"{group}/{name}"] = np.array(values)
            for name in ("data", "indices", "indptr"):
                h5[f"{group}/{name}"] = getattr(sparse, name)
            h5[f"{group}/shape"] = np.array(counts.shape, dtype=np.int32)
    folder = OUT / "tenx"
    folder.mkdir()
    scipy.io.mmwrite(folder / "matrix.mtx", sparse)
    features = "".join(f"{i.decode()}\t{n.decode()}\t{t.decode()}\n" for i, n, t in zip(ids, names, types))
    (folder / "barcodes.tsv").write_bytes(b"\n".join(barcodes) + b"\n")
    (folder / "features.tsv").write_text(features)
    for path in list(folder.iterdir()):
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()


def write_tables() -> None:
    nanoseconds = [1577836800000000000 + i for i in range(ROWS)]
    columns = {
        "IL2": pa.array(X[:, 0]),
        "Il2": pa.array(X[:, 1]),
        **{name: pa.array(values) for name, values in COLUMNS.items()},
        "decimal": pa.array([decimal.Decimal(f"1.{i}0") for i in range(ROWS)]),
        "when": pa.array(nanoseconds, pa.timestamp("ns")),
        "zoned": pa.array(nanoseconds, pa.timestamp("ns", "UTC")),
        "holes": pa.array([float("nan"), 1.0, float("nan"), 2.0, 1.0, 1.0]),
    }
    pq.write_table(pa.table(columns), OUT / "labels.parquet")
    pq.write_table(pa.table([pa.array([1.0]), pa.array([2.0])], names=["a", "a"]), OUT / "twice.parquet")
    pq.write_table(pa.table({"a": pa.array([1.0, 2.0])}), OUT / "codec.parquet", compression="lz4")
    # The number of the codec in the metadata of the column: the old framing of LZ4 instead of the raw one.
    whole = (OUT / "codec.parquet").read_bytes()
    assert whole.count(b"\x01a\x15\x0e") == 1
    (OUT / "codec.parquet").write_bytes(whole.replace(b"\x01a\x15\x0e", b"\x01a\x15\x0a"))


def write_arrays() -> None:
    dates = np.array(["2020-01-01T00:00:00.000000001", "NaT", "1969-12-31", "2020-02-29T12:30", "2020-01-01", "2020-01-01"], "M8[ns]")
    np.savez(OUT / "labels.npz", x=X, **COLUMNS, half=np.array([0.1, 0.2, 1, 2, 3, 4], np.float16), text=np.array(list("äbcdef")),
             bytes=np.array([b"a", b"b", b"c", b"a", b"b", b"c"]), when=dates, day=dates.astype("M8[D]"), big=BIG.astype(">i8"),
             pairs=np.asfortranarray(np.stack([BIG, BIG + 100], axis=1)))
    np.savez(OUT / "collision.npz", x=X, x1=np.arange(ROWS) * 100.0)
    np.savez(OUT / "positional.npz", X, COLUMNS["float64"])
    np.save(OUT / "text.npy", np.array(list("äbcdef")))
    counts = sp.random(ROWS, 4, 0.5, format="csr", random_state=1, dtype=np.float64)
    for kind in ("csr", "csc", "coo", "dia", "bsr"):
        sp.save_npz(OUT / f"{kind}.npz", counts.asformat(kind))
    scipy.io.mmwrite(OUT / "general.mtx", counts)
    scipy.io.mmwrite(OUT / "dense.mtx", np.asarray(counts.todense()))
    square = sp.coo_matrix(np.array([[1.0, 2, 0], [2, 3, 4], [0, 4, 0]]))
    scipy.io.mmwrite(OUT / "symmetric.mtx", square, symmetry="symmetric")
    text = lambda values: ["" if str(v) == "NaT" else str(v).replace("T", " ") for v in values]
    trimmed = [t.rstrip("0").rstrip(".") if "." in t else t for t in text(dates)]
    golden = {
        "x": X.tolist(),
        "texts": TEXTS,
        "dates": trimmed,
        "days": text(dates.astype("M8[D]")),
        "sparse": np.asarray(counts.todense(), dtype=np.float32).tolist(),
        "symmetric": square.toarray().tolist(),
    }
    (HERE / "formats.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    write_anndata()
    write_tenx()
    write_tables()
    write_arrays()
