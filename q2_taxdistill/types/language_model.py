# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The artifact of a genomic language model: a checkpoint in the layout of transformers."""

from pathlib import Path

from qiime2.plugin import Plugin, SemanticType, ValidationError, model

from ..citations import citations
from ..core.checkpoint import CheckpointError, check_tensor_header, read_json, refuse_unsafe_file
from ..core.language_model import check_checkpoint

GenomicLanguageModel = SemanticType("GenomicLanguageModel")


class LanguageModelJSONFormat(model.TextFileFormat):
    """A JSON object."""

    def _validate_(self, level: str) -> None:
        _as_validation_error(read_json, Path(str(self)))


class LanguageModelTensorsFormat(model.BinaryFileFormat):
    """Tensors in a safetensors file; the length of the file must be the one that its header tells."""

    def _validate_(self, level: str) -> None:
        _as_validation_error(check_tensor_header, Path(str(self)))


class LanguageModelCompanionFormat(model.BinaryFileFormat):
    """Any other file of a checkpoint (licence, model card, vocabulary ...) that is neither a pickle nor code."""

    def _validate_(self, level: str) -> None:
        _as_validation_error(refuse_unsafe_file, Path(str(self)))


class LanguageModelDirectoryFormat(model.DirectoryFormat):
    """A checkpoint: config.json, tokenizer.json and weights as safetensors, in one file or in shards with an index.

    Which files there must be depends on each other, so that all fields are optional and `_validate_` says what is
    missing. What the hub's client leaves behind (`.cache/huggingface`, `.gitattributes`) does no harm.
    """

    settings = model.FileCollection(r"[^/]+\.json", format=LanguageModelJSONFormat, optional=True)
    weights = model.FileCollection(r"[^/]+\.safetensors", format=LanguageModelTensorsFormat, optional=True)
    companions = model.FileCollection(
        r"(?![^/]+\.(json|safetensors)$).+", format=LanguageModelCompanionFormat, optional=True
    )

    @settings.set_path_maker
    def settings_path(self, name: str) -> str:  # noqa: D102
        return f"{name}.json"

    @weights.set_path_maker
    def weights_path(self, name: str) -> str:  # noqa: D102
        return f"{name}.safetensors"

    @companions.set_path_maker
    def companions_path(self, name: str) -> str:  # noqa: D102
        return name

    def _validate_(self, level: str) -> None:
        try:
            _as_validation_error(check_checkpoint, Path(str(self)), thorough=level == "max")
        except ImportError as error:
            raise ValidationError(str(error)) from error


def _as_validation_error(check, *args, **kwargs) -> None:
    try:
        check(*args, **kwargs)
    except CheckpointError as error:
        raise ValidationError(str(error)) from error


def register(plugin: Plugin) -> None:
    """Register the type and its formats."""
    plugin.register_semantic_types(GenomicLanguageModel)
    plugin.register_formats(
        LanguageModelJSONFormat,
        LanguageModelTensorsFormat,
        LanguageModelCompanionFormat,
        LanguageModelDirectoryFormat,
        citations=citations("genomeocean"),
    )
    plugin.register_artifact_class(
        GenomicLanguageModel,
        LanguageModelDirectoryFormat,
        description=(
            "A language model of DNA, such as GenomeOcean: a checkpoint in the layout of transformers (config.json, "
            "tokenizer.json, safetensors). Provenance pins its exact weights."
        ),
    )
