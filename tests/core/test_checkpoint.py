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
from safetensors.numpy import load_file, save_file

from q2_taxdistill.core.checkpoint import CheckpointError, check_checkpoint_files, check_tensors, weight_files


def edit_json(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_whole_and_sharded_checkpoints_are_complete(checkpoints):
    for name, n_files in {"whole": 1, "sharded": 4}.items():
        check_checkpoint_files(checkpoints / name)
        check_tensors(checkpoints / name)
        assert len(weight_files(checkpoints / name)) == n_files


def test_what_the_hubs_client_leaves_behind_does_no_harm(checkpoint):
    (checkpoint / ".gitattributes").write_text("*.safetensors filter=lfs\n")
    leftovers = checkpoint / ".cache" / "huggingface" / "download"
    leftovers.mkdir(parents=True)
    (leftovers / "config.json.metadata").write_text("0123\n")
    (leftovers / "modeling_mistral.py.metadata").write_text("0123\n")
    (checkpoint / "LICENSE").write_text("MIT\n")
    check_checkpoint_files(checkpoint)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_file_that_is_missing(checkpoint, name):
    (checkpoint / name).unlink()
    with pytest.raises(CheckpointError, match=rf"The checkpoint has no {name}"):
        check_checkpoint_files(checkpoint)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_file_that_is_not_json(checkpoint, name):
    (checkpoint / name).write_text('{"model_type": ')
    with pytest.raises(CheckpointError, match=rf"{name} is not JSON: .* Download it again"):
        check_checkpoint_files(checkpoint)


def test_config_without_an_architecture(checkpoint):
    (checkpoint / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"has no `model_type`"):
        check_checkpoint_files(checkpoint)


def test_quantized_weights(checkpoint):
    edit_json(checkpoint / "config.json", quantization_config={"quant_method": "bitsandbytes"})
    with pytest.raises(CheckpointError, match=r"The weights are quantized"):
        check_checkpoint_files(checkpoint)


def test_no_weights(checkpoint):
    (checkpoint / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"neither model.safetensors nor model.safetensors.index.json"):
        check_checkpoint_files(checkpoint)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "last.ckpt", "weights.pkl"])
def test_pickled_weights_are_to_be_converted(checkpoint, name):
    (checkpoint / "model.safetensors").rename(checkpoint / name)
    with pytest.raises(CheckpointError, match=rf"pickled weights \({name}\).*convert them .*save_pretrained"):
        check_checkpoint_files(checkpoint)


def test_pickles_beside_the_weights_are_to_be_deleted(checkpoint):
    (checkpoint / "training_args.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(CheckpointError, match=r"pickle \(training_args.bin\).*delete the file"):
        check_checkpoint_files(checkpoint)


def test_code_is_to_be_deleted(checkpoint):
    (checkpoint / "modeling_mistral.py").write_text("raise SystemExit('this code was run')\n")
    with pytest.raises(
        CheckpointError, match=r"holds code \(modeling_mistral.py\).*transformers itself.*Delete the file"
    ):
        check_checkpoint_files(checkpoint)


def test_shard_that_is_missing(sharded_checkpoint):
    (sharded_checkpoint / "model-00002-of-00004.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"names 4 shards and 1 of them are missing: model-00002-of-00004"):
        check_checkpoint_files(sharded_checkpoint)


def test_shard_that_is_truncated(sharded_checkpoint):
    shard = sharded_checkpoint / "model-00003-of-00004.safetensors"
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(
        CheckpointError, match=rf"{shard.name} \(\d+ bytes\) is not a whole safetensors file.*broke off"
    ):
        check_checkpoint_files(sharded_checkpoint)


def test_shards_of_another_version(sharded_checkpoint):
    index = sharded_checkpoint / "model.safetensors.index.json"
    content = json.loads(index.read_text())
    content["weight_map"]["model.layers.7.input_layernorm.weight"] = "model-00001-of-00004.safetensors"
    index.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=r"layers.7.input_layernorm.weight in model-00001.*does not hold it"):
        check_checkpoint_files(sharded_checkpoint)


@pytest.mark.parametrize("content", [{}, {"weight_map": {}}, {"weight_map": []}])
def test_index_without_a_map(sharded_checkpoint, content):
    (sharded_checkpoint / "model.safetensors.index.json").write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=r"has no `weight_map`"):
        check_checkpoint_files(sharded_checkpoint)


@pytest.mark.parametrize("place", ["../elsewhere.safetensors", "/model.safetensors", 3])
def test_index_that_points_elsewhere(sharded_checkpoint, place):
    index = sharded_checkpoint / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"norm": place}}))
    with pytest.raises(CheckpointError, match=r"expected the name of a file"):
        check_checkpoint_files(sharded_checkpoint)


def test_pointer_of_git_lfs(checkpoint):
    (checkpoint / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    with pytest.raises(CheckpointError, match=r"is a Git LFS pointer.*git lfs pull"):
        check_checkpoint_files(checkpoint)


def test_weights_that_are_not_numbers(checkpoint):
    tensors = load_file(checkpoint / "model.safetensors")
    tensors["model.norm.weight"] = np.full_like(tensors["model.norm.weight"], np.nan)
    save_file(tensors, checkpoint / "model.safetensors", metadata={"format": "pt"})
    check_checkpoint_files(checkpoint)
    with pytest.raises(CheckpointError, match=r"The tensor model.norm.weight .* not finite"):
        check_tensors(checkpoint)
