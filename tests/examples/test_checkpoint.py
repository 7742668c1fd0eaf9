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
from safetensors.numpy import load_file

from q2_taxdistill.core.language_model import check_checkpoint
from q2_taxdistill.examples.checkpoint import train_checkpoint

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")


def test_files_are_those_of_the_published_checkpoints(checkpoints):
    names = {path.name for path in (checkpoints / "whole").iterdir()}
    assert {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"} < names
    assert "model.safetensors" in names
    config = json.loads((checkpoints / "whole" / "config.json").read_text())
    assert (config["model_type"], config["architectures"]) == ("mistral", ["MistralForCausalLM"])
    shards = {path.name for path in (checkpoints / "sharded").iterdir()}
    assert {"model-00001-of-00004.safetensors", "model.safetensors.index.json"} < shards


def test_checkpoints_are_valid(checkpoints):
    for name in ("whole", "sharded"):
        check_checkpoint(checkpoints / name, thorough=True)


def test_seed_decides(tmp_path, contigs):
    sequences = list(contigs.values())[:4]
    for name, seed in {"one": 1, "again": 1, "other": 2}.items():
        train_checkpoint(tmp_path / name, sequences, seed, vocabulary=32, steps=2)
    one, again, other = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "again", "other"))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["lm_head.weight"], other["lm_head.weight"])


def test_training_learns(tmp_path, contigs):
    sequences = list(contigs.values())[:4]
    losses = []
    for steps in (0, 30):
        train_checkpoint(tmp_path / str(steps), sequences, 1, vocabulary=32, steps=steps)
        model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / str(steps))
        tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(tmp_path / str(steps))
        ids = torch.tensor([tokenizer(sequences[0][:200])["input_ids"]])
        with torch.no_grad():
            losses.append(float(model(input_ids=ids, labels=ids).loss))
    assert losses[1] < losses[0] - 0.1
