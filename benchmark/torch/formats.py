"""Makes large files (make FOLDER), or reads one as anndata and pandas do (read FILE)."""
import sys

import numpy as np

command, path = sys.argv[1:]
if command == "make":
    import anndata
    import pandas as pd

    rng = np.random.default_rng(0)
    rows = 12_500
    obs = pd.DataFrame({"cell_type": pd.Categorical(rng.choice(["B", "T", "NK"], rows))}, index=[f"cell{i}" for i in range(rows)])
    anndata.AnnData(rng.normal(size=(rows, 2000)).astype(np.float32), obs=obs).write_h5ad(f"{path}/cells.h5ad")
    table = pd.DataFrame(rng.normal(size=(1_000_000, 5)), columns=[f"x{j}" for j in range(5)])
    table["label"] = rng.choice(["a", "b", "c", "d"], len(table))
    table.to_parquet(f"{path}/table.parquet")
    table.to_csv(f"{path}/tall.csv", index=False)
    for name, shape in {"medium": (200_000, 50), "wide": (2000, 20_000)}.items():
        frame = pd.DataFrame(rng.normal(size=shape).astype(np.float32), columns=[f"x{j}" for j in range(shape[1])])
        frame["label"] = rng.choice(["a", "b", "c", "d"], len(frame))
        frame.to_csv(f"{path}/{name}.csv", index=False)
    np.save(f"{path}/few.npy", rng.normal(size=(2000, 20)).astype(np.float32))
    np.save(f"{path}/many.npy", rng.normal(size=(1_000_000, 20)).astype(np.float32))
elif path.endswith(".h5ad"):
    import anndata

    adata = anndata.read_h5ad(path)
    print(np.asarray(adata.X, dtype=np.float32).shape, adata.obs["cell_type"].nunique())
else:
    import pandas as pd

    frame = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path)
    print(frame.drop(columns="label").to_numpy(dtype=np.float32).shape, frame["label"].astype("category").nunique())
