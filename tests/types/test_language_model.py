# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import json

import pytest
from qiime2 import Artifact
from qiime2.plugin import ValidationError

from q2_taxdistill.core.language_model import load_language_model
from q2_taxdistill.types.language_model import LanguageModelDirectoryFormat

TYPE = "GenomicLanguageModel"


@pytest.mark.parametrize("name", ["whole", "sharded"])
def test_checkpoint_is_imported_as_it_is(checkpoints, name):
    artifact = Artifact.import_data(TYPE, str(checkpoints / name))
    artifact.validate("max")
    directory = artifact.view(LanguageModelDirectoryFormat).path
    files = {path.name: path.read_bytes() for path in (checkpoints / name).iterdir()}
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == files
    imported, original = (load_language_model(path, "cpu", "float32") for path in (directory, checkpoints / name))
    assert imported.identity == original.identity


def test_directory_as_the_hubs_client_leaves_it(checkpoint):
    leftovers = checkpoint / ".cache" / "huggingface" / "download"
    leftovers.mkdir(parents=True)
    (leftovers / "model.safetensors.metadata").write_text("0123\n")
    (leftovers.parent / "CACHEDIR.TAG").write_text("Signature\n")
    (leftovers.parent / ".gitignore").write_text("*\n")
    (checkpoint / ".gitattributes").write_text("*.safetensors filter=lfs\n")
    (checkpoint / "README.md").write_text("# A model\n")
    (checkpoint / "LICENSE").write_text("MIT\n")
    Artifact.import_data(TYPE, str(checkpoint)).validate("max")


def remove_tokenizer(directory):
    (directory / "tokenizer.json").unlink()


def add_code(directory):
    (directory / "modeling_mistral.py").write_text("import os\n")


def pickle_weights(directory):
    (directory / "model.safetensors").rename(directory / "pytorch_model.bin")


def truncate_weights(directory):
    path = directory / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def break_config(directory):
    (directory / "config.json").write_text("{")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (remove_tokenizer, "has no tokenizer.json"),
        (add_code, "It is never run.*Delete the file"),
        (pickle_weights, "convert them to safetensors"),
        (truncate_weights, "is not a whole safetensors file"),
        (break_config, "config.json is not JSON"),
    ],
)
@pytest.mark.parametrize("level", ["min", "max"])
def test_faults_are_found_at_both_levels(checkpoint, spoil, message, level):
    spoil(checkpoint)
    with pytest.raises(ValidationError, match=message):
        LanguageModelDirectoryFormat(str(checkpoint), mode="r").validate(level)


def test_missing_shard(sharded_checkpoint):
    (sharded_checkpoint / "model-00001-of-00004.safetensors").unlink()
    with pytest.raises(ValidationError, match=r"1 of them are missing: model-00001-of-00004.safetensors"):
        Artifact.import_data(TYPE, str(sharded_checkpoint))


def test_text_models_are_refused_on_import(checkpoint):
    tokenizers = pytest.importorskip("tokenizers")
    words = {letter: number for number, letter in enumerate("ACGTBDEFHIJKLMOP")}
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="P"))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex("."), "isolated")
    backend.save(str(checkpoint / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast"}
    (checkpoint / "tokenizer_config.json").write_text(json.dumps(settings))
    (checkpoint / "special_tokens_map.json").unlink(missing_ok=True)
    LanguageModelDirectoryFormat(str(checkpoint), mode="r").validate("min")
    with pytest.raises(ValidationError, match=r"one of text and not of DNA: 4 of the 16 words"):
        Artifact.import_data(TYPE, str(checkpoint))


def test_unknown_architecture_is_refused_on_import(checkpoint):
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps({**config, "model_type": "hyenadna"}))
    with pytest.raises(ValidationError, match=r"of the architecture 'hyenadna'"):
        Artifact.import_data(TYPE, str(checkpoint))
