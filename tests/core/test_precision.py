# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.core import precision
from q2_taxdistill.core.dna_tokenizer import random_dna
from q2_taxdistill.core.precision import bfloat16_speedup, load_with_precision

WINDOWS = [random_dna(300, seed) for seed in range(4)]


def test_what_is_asked_for_is_loaded(checkpoints):
    for name in ("float32", "bfloat16"):
        model, reason = load_with_precision(checkpoints / "whole", "cpu", name, [])
        assert (model.precision, reason) == (name, "")


def test_faster_precision_is_taken_where_it_is_exact_enough(checkpoints, monkeypatch):
    monkeypatch.setattr(precision, "bfloat16_speedup", lambda device: 4.0)
    model, reason = load_with_precision(checkpoints / "whole", "cpu", "auto", WINDOWS)
    assert model.precision == "bfloat16"
    assert "4.0 times as fast in bfloat16" in reason
    assert "cosine between the embeddings in both is at least 0.999" in reason or "at least 1.0" in reason


def test_float32_where_bfloat16_is_not_exact_enough(checkpoints, monkeypatch):
    monkeypatch.setattr(precision, "bfloat16_speedup", lambda device: 4.0)
    monkeypatch.setattr(precision, "LEAST_COSINE", 1.1)
    model, _ = load_with_precision(checkpoints / "whole", "cpu", "auto", WINDOWS)
    assert model.precision == "float32"
    assert str(model.network.dtype) == "torch.float32"


def test_float32_where_bfloat16_is_not_faster(checkpoints, monkeypatch):
    monkeypatch.setattr(precision, "bfloat16_speedup", lambda device: 0.4)
    model, reason = load_with_precision(checkpoints / "whole", "cpu", "auto", WINDOWS)
    assert model.precision == "float32"
    assert "0.4 times as fast" in reason


def test_speed_is_measured():
    assert bfloat16_speedup("cpu") > 0


def test_unknown_precision(checkpoints):
    with pytest.raises(ValueError, match=r"precision is 'float8'; expected one of auto, float32, bfloat16"):
        load_with_precision(checkpoints / "whole", "cpu", "float8", [])
