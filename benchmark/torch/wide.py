"""Makes a file of cells (make FILE ROWS COLUMNS), fits principal components to it (fit FILE COMPONENTS LATENTS), or compares two
results (check RUN LATENTS)."""
import sys

import numpy as np

command, *args = sys.argv[1:]
if command == "make":
    import anndata

    path, rows, columns = args[0], int(args[1]), int(args[2])
    rng = np.random.default_rng(0)
    loadings = rng.standard_normal((20, columns)) * (0.8 ** np.arange(20))[:, None]
    counts = np.empty((rows, columns), np.float32)
    for start in range(0, rows, 2000):
        scores = rng.standard_normal((min(2000, rows - start), 20))
        counts[start : start + 2000] = np.log1p(rng.poisson(np.exp(0.5 * scores @ loadings - 0.5).clip(0, 50)))
    anndata.AnnData(counts).write_h5ad(path)
elif command == "fit":
    import anndata
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(np.asarray(anndata.read_h5ad(args[0]).X))
    np.save(args[2], PCA(int(args[1]), random_state=0).fit_transform(scaled))
else:
    ours, theirs = np.load(f"{args[0]}/latents.npy"), np.load(args[1])
    # Ours are fitted to the training rows alone: equal up to what a part of the rows tells.
    correlations = [abs(np.corrcoef(a, b)[0, 1]) for a, b in zip(ours.T[:3], theirs.T[:3])]
    print("correlation of the leading components:", np.round(correlations, 4), file=sys.stderr)
    assert min(correlations) > 0.98, correlations
