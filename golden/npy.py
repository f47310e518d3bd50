"""Golden .npy and .npz bytes as NumPy writes them, with what they hold.

Run: python golden/npy.py > golden/npy.json   (numpy 2.4)
Values are given as the bits of the nearest 32-bit floats, so that NaN, infinities and signed zeros are exact.
"""

import io
import json
import zipfile

import numpy as np


def saved(array, version=None):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version, allow_pickle=True)
    return buffer.getvalue()


def bits(array):
    return np.ascontiguousarray(array).astype(np.float32).view(np.uint32).ravel().tolist()


def case(name, array, version=None, **more):
    data = saved(array, version)
    return {"name": name, "hex": data.hex(), "dtype": str(array.dtype.str), "shape": list(array.shape), "bits": bits(array), **more}


def refused(name, data, code):
    return {"name": name, "hex": data.hex(), "code": code}


grid = np.arange(6).reshape(2, 3)
arrays = []
for kind in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
    for order in "<>":
        values = grid * 3 if kind[0] == "u" else grid * 3 - 7
        arrays.append(case(f"{order}{kind}", values.astype(order + kind)))
arrays.append(case("booleans", grid % 2 == 0))
arrays.append(case("extreme integers", np.array([np.iinfo("i8").min, np.iinfo("i8").max, 16777217], "<i8")))
arrays.append(case("extreme unsigned integers", np.array([0, np.iinfo("u8").max, 4294967295], ">u8")))
special = [0.0, -0.0, np.inf, -np.inf, 1 / 3, 6e-8, -6.1e-5, 65504.0]
for kind in ["<f2", "<f4", "<f8", ">f8"]:
    arrays.append(case(f"special values in {kind}", np.array(special, kind)))
arrays.append(case("not a number", np.array([np.nan], "<f4")))
arrays.append(case("fortran order, 2 dimensions", np.asfortranarray(grid.astype("<f4"))))
arrays.append(case("fortran order, 4 dimensions", np.asfortranarray(np.arange(120).reshape(2, 3, 4, 5).astype(">i4"))))
arrays.append(case("a single number", np.array(2.5)))
arrays.append(case("a vector", np.array([1.5, -2.5], "<f4")))
arrays.append(case("no rows", np.zeros((0, 3), "<f4")))
arrays.append(case("no columns, fortran order", np.zeros((3, 0), "<f4", order="F")))
arrays.append(case("format 2.0", grid.astype("<f4"), version=(2, 0)))
arrays.append(case("format 3.0", grid.astype("<f4"), version=(3, 0)))

plain = saved(grid.astype("<f4"))
objects = np.empty(2, object)
objects[:] = [{"a": 1}, [2]]
refusals = [
    refused("pickled objects", saved(objects), "DATA_UNSUPPORTED"),
    refused("records", saved(np.zeros(2, [("x", "<f4"), ("y", "<i8")])), "DATA_UNSUPPORTED"),
    refused("nested records", saved(np.zeros(2, [("x", [("u", "<f4", (2,))])])), "DATA_UNSUPPORTED"),
    refused("unicode text", saved(np.array(["a", "bc"])), "DATA_UNSUPPORTED"),
    refused("byte text", saved(np.array([b"a", b"bc"])), "DATA_UNSUPPORTED"),
    refused("complex numbers", saved(np.zeros(2, "<c8")), "DATA_UNSUPPORTED"),
    refused("dates", saved(np.array(["2020-01-01"], "M8[D]")), "DATA_UNSUPPORTED"),
    refused("durations", saved(np.array([1], "m8[s]")), "DATA_UNSUPPORTED"),
    refused("raw bytes", saved(np.zeros(2, "V4")), "DATA_UNSUPPORTED"),
    refused("long doubles", saved(np.zeros(2, np.longdouble)), "DATA_UNSUPPORTED"),
    refused("a pickle", np.arange(2).dumps(), "DATA_UNSUPPORTED"),
    refused("a value beyond 32 bits", saved(np.array([1.0, 1e39])), "DATA_OVERFLOW"),
    refused("a value beyond 32 bits, big endian", saved(np.array([1.0, -1e300], ">f8")), "DATA_OVERFLOW"),
    refused("a shape that lies: too many rows", plain.replace(b"(2, 3)", b"(9, 3)"), "DATA_CORRUPT"),
    refused("a shape that lies: too few rows", plain.replace(b"(2, 3)", b"(1, 3)"), "DATA_CORRUPT"),
    refused("a type that lies", plain.replace(b"<f4", b"<f8"), "DATA_CORRUPT"),
    refused("truncated numbers", plain[:-1], "DATA_CORRUPT"),
    refused("truncated header", plain[:60], "DATA_CORRUPT"),
    refused("truncated magic", plain[:4], "DATA_CORRUPT"),
    refused("another format version", plain[:6] + b"\x09\x00" + plain[8:], "DATA_UNSUPPORTED"),
    refused("text", b"a,b\n1,2\n", "DATA_UNKNOWN_FORMAT"),
]


def zipped(write):
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def method(number):
    def write(buffer):
        with zipfile.ZipFile(buffer, "w", number) as archive:
            archive.writestr("inputs.npy", plain)

    return zipped(write)


contents = {"inputs": grid.astype("<f4"), "codes": np.array([1, 2], "<u2"), "names": np.array(["a"]), "scalar": np.float64(0.5)}
stored = zipped(lambda buffer: np.savez(buffer, **contents))
encrypted = bytearray(method(zipfile.ZIP_STORED))
encrypted[6] |= 1  # general purpose flag of the local header
encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1  # and of the central directory
damaged = bytearray(method(zipfile.ZIP_STORED))
damaged[damaged.index(plain) + len(plain) - 1] ^= 1
archives = {
    "stored": stored.hex(),
    "compressed": zipped(lambda buffer: np.savez_compressed(buffer, **contents)).hex(),
    "members": [{"name": name, "shape": list(np.shape(value)), "dtype": np.asarray(value).dtype.str} for name, value in contents.items()],
    "refused": [
        {**refused("truncated archive", stored[:-30], "DATA_CORRUPT"), "message": "damaged or truncated"},
        {**refused("half an archive", stored[: len(stored) // 2], "DATA_CORRUPT"), "message": "damaged or truncated"},
        {**refused("encrypted", bytes(encrypted), "DATA_UNSUPPORTED"), "message": "encrypted"},
        {**refused("another compression", method(zipfile.ZIP_LZMA), "DATA_UNSUPPORTED"), "message": "expected stored or deflate"},
        {**refused("a flipped bit", bytes(damaged), "DATA_CORRUPT"), "message": "read to its end"},
        {**refused("no archive", plain, "DATA_UNKNOWN_FORMAT"), "message": "no zip archive"},
    ],
}
# What our writer must produce, byte for byte.
written = {
    "f32": saved(grid.astype("<f4")).hex(),
    "f64 vector": saved(np.array([0.5, -1.0])).hex(),
    "u32": saved(np.array([3, 4294967295], "<u4")).hex(),
    "u8 cube": saved(np.arange(8, dtype="u1").reshape(2, 2, 2)).hex(),
    "f32 scalar": saved(np.array(2.5, "<f4")).hex(),
}
print(json.dumps({"arrays": arrays, "refused": refusals, "archives": archives, "written": written}, indent=1))
