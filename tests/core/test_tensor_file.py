# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from q2_taxdistill.core.tensor_file import TensorFileError, create_matrix, map_matrix


@pytest.fixture
def path(tmp_path):
    return tmp_path / "matrix.safetensors"


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_round_trip(path, dtype):
    expected = np.random.default_rng(0).normal(size=(7, 5)).astype(dtype)
    rows = create_matrix(path, "rows", (7, 5), np.dtype(dtype))
    rows[:4], rows[4:] = expected[:4], expected[4:]
    rows.flush()
    read = map_matrix(path, "rows")
    assert isinstance(read, np.memmap)
    assert read.dtype == dtype
    assert np.array_equal(read, expected)


def test_the_library_reads_what_is_written(path):
    create_matrix(path, "rows", (3, 2), np.dtype("float32"))[:] = 2
    with safe_open(path, framework="numpy") as file:
        assert file.get_tensor("rows").tolist() == [[2, 2]] * 3


def test_what_the_library_writes_is_read(path):
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    save_file({"rows": matrix}, path)
    assert np.array_equal(map_matrix(path, "rows"), matrix)


def spoil_truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def spoil_lengthen(path):
    path.write_bytes(path.read_bytes() + b"x")


def spoil_header(path):
    header = json.dumps({"rows": {"dtype": "F32", "shape": [3, 2], "data_offsets": [8, 32]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(24))


def spoil_text(path):
    path.write_text("no tensors")


@pytest.mark.parametrize("spoil", [spoil_truncate, spoil_lengthen, spoil_header, spoil_text])
def test_file_that_is_not_whole(path, spoil):
    create_matrix(path, "rows", (3, 2), np.dtype("float32"))
    spoil(path)
    with pytest.raises(TensorFileError, match=r"matrix.safetensors is not a whole safetensors file"):
        map_matrix(path, "rows")


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"others": np.ones((2, 2), np.float32)}, r"holds the tensors \['others'\]; expected one, 'rows'"),
        ({"rows": np.ones((2, 2), np.int32)}, "holds I32 values of shape"),
        ({"rows": np.ones(4, np.float32)}, r"holds F32 values of shape \(4,\)"),
        ({"rows": np.ones((0, 4), np.float32)}, r"holds F32 values of shape \(0, 4\)"),
    ],
)
def test_other_tensors(path, tensors, message):
    save_file(tensors, path)
    with pytest.raises(TensorFileError, match=message):
        map_matrix(path, "rows")
