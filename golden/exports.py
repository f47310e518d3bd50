"""What the libraries that these formats come from read in the files that we write: safetensors, and TensorBoard's own reader.

    python golden/exports.py        # writes golden/exports.json; needs a checkout that is set up (npm run setup)

Needs numpy, safetensors and tensorboard.
"""

import base64
import json
import pathlib
import subprocess
import tempfile

from safetensors import safe_open
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util import tensor_util

root = pathlib.Path(__file__).resolve().parent.parent
program = ["node", "--import=tsx", "__test__/export/samples.ts"]
written = json.loads(subprocess.run(program, cwd=root, capture_output=True, check=True, text=True).stdout)

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "model.safetensors"
    path.write_bytes(base64.b64decode(written["safetensors"]))
    with safe_open(path, framework="numpy") as file:
        tensors = {
            name: {
                "dtype": file.get_slice(name).get_dtype(),
                "shape": list(file.get_tensor(name).shape),
                # With all digits of their type.
                "values": [float(value) for value in file.get_tensor(name).ravel()],
            }
            for name in sorted(file.keys())
        }
        metadata = file.metadata()

    path = pathlib.Path(folder) / "events.out.tfevents.0.disentangle"
    path.write_bytes(base64.b64decode(written["events"]))
    events = [
        {
            "time": event.wall_time,
            "step": event.step,
            "tag": value.tag,
            "value": float(tensor_util.make_ndarray(value.tensor)),
        }
        for event in EventFileLoader(str(path)).Load()
        for value in event.summary.value
    ]

golden = {"written": written, "tensors": tensors, "metadata": metadata, "events": events}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")
