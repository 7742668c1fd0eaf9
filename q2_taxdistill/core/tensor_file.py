# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""One matrix in a safetensors file, written and read by rows, so that it need not fit in memory."""

import json
from pathlib import Path

import numpy as np

_DTYPES = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
_ALIGNMENT = 8


class TensorFileError(ValueError):
    """A file is not the safetensors file that it should be."""


def create_matrix(path: Path, name: str, shape: tuple[int, int], dtype: np.dtype) -> np.memmap:
    """Make a safetensors file of one matrix of zeros and open it for writing.

    The layout is that of the safetensors specification: the length of the header as a little-endian 64-bit integer,
    the header as JSON, padded with spaces to a multiple of eight bytes, and the values.

    Parameters
    ----------
    dtype : numpy.dtype
        float16 or float32.

    Returns
    -------
    numpy.memmap of `shape`
        Call its `flush` when all rows are in.
    """
    code = next(code for code, known in _DTYPES.items() if known == dtype)
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    header = json.dumps({name: {"dtype": code, "shape": list(shape), "data_offsets": [0, n_bytes]}}).encode()
    header += b" " * (-len(header) % _ALIGNMENT)
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        file.truncate(8 + len(header) + n_bytes)
    return np.memmap(path, dtype=_DTYPES[code], mode="r+", offset=8 + len(header), shape=shape)


def map_matrix(path: Path, name: str) -> np.memmap:
    """Open the matrix in a safetensors file for reading; nothing is read until rows are looked at.

    Raises
    ------
    TensorFileError
        If the file is not whole, or holds anything but one matrix `name` of float16 or float32.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            if names != [name]:
                raise TensorFileError(f"{Path(path).name} holds the tensors {names}; expected one, {name!r}.")
            tensor = file.get_slice(name)
            code, shape = tensor.get_dtype(), tuple(tensor.get_shape())
    except (SafetensorError, OSError) as error:
        raise TensorFileError(f"{Path(path).name} is not a whole safetensors file: {error}.") from error
    if code not in _DTYPES or len(shape) != 2 or 0 in shape:
        raise TensorFileError(
            f"{Path(path).name} holds {code} values of shape {shape}; expected a matrix of F16 or F32 with at least "
            f"one row and one column."
        )
    # The library has checked that the values fill the rest of the file, so they begin this far from its end.
    offset = Path(path).stat().st_size - int(np.prod(shape)) * _DTYPES[code].itemsize
    return np.memmap(path, dtype=_DTYPES[code], mode="r", offset=offset, shape=shape)
