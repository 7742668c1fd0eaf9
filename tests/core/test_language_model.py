# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import json
import socket

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from q2_taxdistill.core.checkpoint import CheckpointError
from q2_taxdistill.core.embedding import EmbeddingSettings, embed_sequences
from q2_taxdistill.core.language_model import check_checkpoint, is_causal_architecture, load_language_model
from q2_taxdistill.core.network import DeviceError

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")


def edit_json(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def save_encoder(model_class, config, checkpoint):
    """Replace the weights of a checkpoint by those of another architecture; the tokenizer stays."""
    torch.manual_seed(0)
    (checkpoint / "model.safetensors").unlink()
    model_class(config).save_pretrained(checkpoint)


def test_whole_and_sharded_checkpoints_are_the_same_model(checkpoints, contigs):
    settings, sequences = EmbeddingSettings(), list(contigs.values())[:3]
    rows = [
        embed_sequences(load_language_model(checkpoints / name, "cpu", "float32"), sequences, settings)
        for name in ("whole", "sharded")
    ]
    assert np.array_equal(*rows)


def test_model_says_what_it_is(checkpoints):
    model = load_language_model(checkpoints / "whole", "auto", "float32")
    assert model.identity.architecture == "MistralForCausalLM"
    assert (model.dim, model.context, model.is_causal, model.n_special_tokens) == (32, 128, True, 2)
    assert model.network.config._attn_implementation == "sdpa"
    assert model.network.dtype == torch.float32
    assert model.identity == load_language_model(checkpoints / "whole", "cpu", "bfloat16").identity


def test_precision_is_that_of_the_weights(checkpoints):
    assert load_language_model(checkpoints / "whole", "cpu", "bfloat16").network.dtype == torch.bfloat16


def test_checkpoint_in_bfloat16_loads_in_float32(checkpoint):
    network = transformers.AutoModelForCausalLM.from_pretrained(checkpoint).to(torch.bfloat16)
    network.save_pretrained(checkpoint)
    assert load_language_model(checkpoint, "cpu", "float32").network.dtype == torch.float32


def test_code_of_the_repository_is_never_run(checkpoint):
    marker = checkpoint.parent / "was-run"
    code = f"open({str(marker)!r}, 'w')\nfrom transformers import MistralConfig, MistralModel\n"
    folder = checkpoint.parent / "code"
    folder.mkdir()
    for name in ("modeling_mistral.py", "configuration_mistral.py"):
        (folder / name).write_text(code)
    auto_map = {"AutoConfig": "configuration_mistral.MistralConfig", "AutoModel": "modeling_mistral.MistralModel"}
    edit_json(checkpoint / "config.json", auto_map=auto_map)
    edit_json(checkpoint / "tokenizer_config.json", auto_map={"AutoTokenizer": ["modeling_mistral.T", None]})
    check_checkpoint(checkpoint, thorough=True)
    model = load_language_model(checkpoint, "cpu", "float32")
    assert type(model.network).__module__ == "transformers.models.mistral.modeling_mistral"
    assert not marker.exists()


def test_no_network_is_used(checkpoints, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load_language_model(checkpoints / "sharded", "cpu", "float32")


def test_loading_writes_nothing_to_the_terminal(checkpoints, capfd):
    load_language_model(checkpoints / "whole", "cpu", "float32")
    assert capfd.readouterr() == ("", "")


def test_architecture_that_transformers_lacks(checkpoint):
    edit_json(checkpoint / "config.json", model_type="evo2")
    check_checkpoint(checkpoint, thorough=False)
    with pytest.raises(CheckpointError, match=r"no causal language model and no encoder of the architecture 'evo2'"):
        check_checkpoint(checkpoint, thorough=True)


@pytest.mark.parametrize(
    ("model_type", "is_causal"),
    [("mistral", True), ("llama", True), ("gpt_neox", True), ("bert", False), ("esm", False)],
)
def test_supported_architectures(model_type, is_causal):
    assert is_causal_architecture({"model_type": model_type}) is is_causal


@pytest.mark.parametrize("model_type", ["t5", "vit", "whisper"])
def test_other_architectures(model_type):
    with pytest.raises(CheckpointError, match=r"no causal language model and no encoder"):
        is_causal_architecture({"model_type": model_type, "is_encoder_decoder": model_type == "whisper"})


def test_encoder_with_positions_of_its_own(checkpoint, contigs):
    config = transformers.BertConfig(
        vocab_size=256, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64,
    )  # fmt: skip
    save_encoder(transformers.BertForMaskedLM, config, checkpoint)
    check_checkpoint(checkpoint, thorough=True)
    model = load_language_model(checkpoint, "cpu", "float32")
    assert (model.is_causal, model.context) == (False, 64)
    assert embed_sequences(model, [next(iter(contigs.values()))], EmbeddingSettings()).shape == (1, 16)


def test_positions_that_are_counted_from_the_padding_index(checkpoint, contigs):
    config = transformers.RobertaConfig(
        vocab_size=256, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=66, pad_token_id=1,
    )  # fmt: skip
    save_encoder(transformers.RobertaForMaskedLM, config, checkpoint)
    model = load_language_model(checkpoint, "cpu", "float32")
    assert model.context == 64
    assert np.isfinite(embed_sequences(model, list(contigs.values())[:2], EmbeddingSettings())).all()


def test_weights_that_do_not_fit_the_config(checkpoint):
    edit_json(checkpoint / "config.json", num_hidden_layers=3)
    with pytest.raises(CheckpointError, match=r"do not fit the architecture 'mistral'.*9 tensors are missing"):
        load_language_model(checkpoint, "cpu", "float32")


def test_tensor_that_is_missing(checkpoint):
    tensors = load_file(checkpoint / "model.safetensors")
    del tensors["model.norm.weight"]
    save_file(tensors, checkpoint / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"1 tensors are missing .* such as norm.weight"):
        load_language_model(checkpoint, "cpu", "float32")


def test_tokenizer_of_a_larger_model(checkpoint):
    edit_json(checkpoint / "config.json", vocab_size=100)
    with pytest.raises(CheckpointError, match=r"words up to number 255, and the model knows 100"):
        check_checkpoint(checkpoint, thorough=True)


def test_gpu_that_is_not_there(checkpoints, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"'cuda' is not available here; PyTorch finds: cpu"):
        load_language_model(checkpoints / "whole", "cuda", "float32")
