# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""A genomic language model: a checkpoint that is loaded on a device, ready to turn tokens into hidden states."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np

from .checkpoint import (
    CONFIG,
    TOKENIZER,
    CheckpointError,
    check_checkpoint_files,
    check_tensors,
    read_config,
    sha256_of,
    weight_files,
)
from .dna_tokenizer import bases_per_token, load_tokenizer
from .library_output import import_transformers, quiet_transformers
from .network import choose_device

# Tokenizers without a limit say a number of this kind.
_NO_LIMIT = 10**9
_CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "max_sequence_length", "max_seq_len")
# Weights that the base class of an encoder has and the hidden states do not depend on; most checkpoints lack them.
_UNUSED_WEIGHTS = ("pooler.", "contact_head.")


@dataclass(frozen=True)
class ModelIdentity:
    """Which model made an embedding.

    Attributes
    ----------
    architecture : str
        The class that the checkpoint names, such as ``MistralForCausalLM``.
    parameters : int
        The number of weights that the hidden states depend on.
    weights_sha256, tokenizer_sha256, config_sha256 : str
        Of the weights (all shards in order of their names), of `tokenizer.json` and of `config.json`.
    """

    architecture: str
    parameters: int
    weights_sha256: str
    tokenizer_sha256: str
    config_sha256: str

    def __str__(self) -> str:
        return f"{self.name}, weights {self.weights_sha256[:12]}"

    @property
    def name(self) -> str:
        """What to call the model in a sentence; the checkpoint itself holds no name."""
        return f"{self.architecture} of {self.parameters:,} parameters"

    def to_dict(self) -> dict[str, Any]:
        """Write the identity as what JSON can hold."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A model on its device.

    Attributes
    ----------
    network : transformers.PreTrainedModel
        The base model (no head), in evaluation mode.
    tokenizer : transformers.PreTrainedTokenizerFast
    device : str
        ``cpu``, ``cuda`` or ``mps``.
    precision : str
        ``float32`` or ``bfloat16``.
    dim : int
        The length of a hidden state.
    context : int or None
        The most tokens that the model reads at once, special ones included; None if it has no limit of its own.
    is_causal : bool
        Whether a token sees only those before it. Padding on the right is then invisible to all real tokens.
    bases_per_token : float
        See `dna_tokenizer.bases_per_token`.
    identity : ModelIdentity
    """

    network: Any
    tokenizer: Any
    device: str
    precision: str
    dim: int
    context: Optional[int]
    is_causal: bool
    bases_per_token: float
    identity: ModelIdentity

    @property
    def n_special_tokens(self) -> int:
        """How many tokens the tokenizer adds to every window."""
        return self.tokenizer.num_special_tokens_to_add(pair=False)

    def tokenize(self, bases: list[str], max_tokens: int) -> list[np.ndarray]:
        """Encode windows, with the special tokens that the tokenizer adds, and cut them to `max_tokens` tokens."""
        encoded = self.tokenizer(bases, truncation=True, max_length=max_tokens, return_attention_mask=False)
        return [np.array(ids, dtype=np.int64) for ids in encoded["input_ids"]]

    def hidden_states(self, token_ids: list[np.ndarray]):
        """Run the model over windows in one batch.

        Returns
        -------
        torch.Tensor, shape (n_windows, longest window, dim)
            On the device, in the model's precision; rows beyond the end of a window are meaningless.
        """
        import torch

        lengths = torch.tensor([len(ids) for ids in token_ids])
        longest = int(lengths.max())
        padding = self.tokenizer.pad_token_id or 0
        batch = torch.full((len(token_ids), longest), padding, dtype=torch.int64)
        for row, ids in enumerate(token_ids):
            batch[row, : len(ids)] = torch.from_numpy(ids)
        mask = None
        if not self.is_causal and int(lengths.min()) < longest:
            mask = (torch.arange(longest) < lengths[:, None]).to(torch.int64).to(self.device)
        with torch.inference_mode():
            return self.network(input_ids=batch.to(self.device), attention_mask=mask)[0]


def check_checkpoint(directory: Path, thorough: bool) -> None:
    """Check that a checkpoint is one of a genomic language model that can be used.

    Parameters
    ----------
    thorough : bool
        Also read every tensor, try the tokenizer on DNA and see whether transformers has the architecture.

    Raises
    ------
    CheckpointError
        If it is not; the message says what to do.
    """
    check_checkpoint_files(directory)
    if not thorough:
        return
    is_causal_architecture(read_config(directory))
    tokenizer = load_tokenizer(directory)
    n_words = read_config(directory).get("vocab_size")
    highest = max(tokenizer.get_vocab().values())
    if isinstance(n_words, int) and highest >= n_words:
        raise CheckpointError(
            f"The tokenizer has words up to number {highest}, and the model knows {n_words}. They do not belong "
            f"together: use the tokenizer.json that was published with the weights."
        )
    check_tensors(directory)


def is_causal_architecture(config: dict[str, Any]) -> bool:
    """Look the architecture of `config.json` up in transformers: whether it is causal (else it is an encoder).

    An architecture that can be both, such as BERT, counts as an encoder: it gets a mask that hides padding.

    Raises
    ------
    CheckpointError
        If the installed transformers has no class of its own for it, or it is an encoder with a decoder.
    """
    transformers = import_transformers()
    from transformers.models.auto import modeling_auto

    bases = modeling_auto.MODEL_MAPPING_NAMES
    causal, masked = modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    model_type = config["model_type"]
    is_known = model_type in bases and (model_type in causal or model_type in masked)
    if not is_known or config.get("is_encoder_decoder", False):
        raise CheckpointError(
            f"transformers {transformers.__version__} has no causal language model and no encoder of the architecture "
            f"{model_type!r}, and the code of a repository is never run. Use a checkpoint of an architecture that "
            f"transformers has (GenomeOcean is a Mistral), or a transformers that has this one."
        )
    return model_type not in masked


def load_language_model(directory: Path, device: str, precision: str) -> LanguageModel:
    """Load a checkpoint.

    Only local files are read, only transformers' own classes are used (`auto_map` in `config.json` has no effect), and
    attention is PyTorch's scaled dot product where the architecture has it.

    Parameters
    ----------
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    precision : str
        ``float32`` or ``bfloat16``; see `precision.load_fastest` for a choice by measurement.

    Raises
    ------
    CheckpointError
        If the checkpoint cannot be used.
    DeviceError
        If the device is not there.
    """
    directory = Path(directory)
    device = choose_device(device).type
    check_checkpoint_files(directory)
    config = read_config(directory)
    is_causal = is_causal_architecture(config)
    tokenizer = load_tokenizer(directory)
    network = _load_network(directory, precision).to(device).eval()
    identity = ModelIdentity(
        architecture=(config.get("architectures") or [config["model_type"]])[0],
        parameters=sum(
            weight.numel() for name, weight in network.named_parameters() if not name.startswith(_UNUSED_WEIGHTS)
        ),
        weights_sha256=sha256_of(*weight_files(directory)),
        tokenizer_sha256=sha256_of(directory / TOKENIZER),
        config_sha256=sha256_of(directory / CONFIG),
    )
    return LanguageModel(
        network=network,
        tokenizer=tokenizer,
        device=device,
        precision=precision,
        dim=int(network.config.hidden_size),
        context=_context(network, tokenizer),
        is_causal=is_causal,
        bases_per_token=bases_per_token(tokenizer),
        identity=identity,
    )


def _load_network(directory: Path, precision: str):
    import torch

    transformers = import_transformers()
    with quiet_transformers():
        config = transformers.AutoConfig.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
        # Hidden states are all that is asked for; without this the keys and values of every layer are kept as well.
        config.use_cache = False
        network_class = transformers.MODEL_MAPPING[type(config)]
        network, report = network_class.from_pretrained(
            directory,
            config=config,
            local_files_only=True,
            use_safetensors=True,
            attn_implementation="sdpa" if network_class._supports_sdpa else "eager",
            output_loading_info=True,
            **_precision_argument(transformers.__version__, getattr(torch, precision)),
        )
    missing = sorted(name for name in report["missing_keys"] if not name.startswith(_UNUSED_WEIGHTS))
    mismatched = sorted(str(entry) for entry in report["mismatched_keys"])
    if missing or mismatched:
        raise CheckpointError(
            f"The weights do not fit the architecture {config.model_type!r} that config.json describes: "
            f"{len(missing)} tensors are missing and {len(mismatched)} have other shapes, such as "
            f"{(missing + mismatched)[0]}. Use the config.json that was published with the weights."
        )
    return network


def _precision_argument(version: str, dtype) -> dict[str, Any]:
    # The argument was renamed in 4.56; older releases ignore the new name and newer ones warn about the old.
    major, minor = (int(part) for part in version.split(".")[:2])
    return {"dtype" if (major, minor) >= (4, 56) else "torch_dtype": dtype}


def _context(network, tokenizer) -> Optional[int]:
    limits = [tokenizer.model_max_length] if tokenizer.model_max_length < _NO_LIMIT else []
    limits += [value for key in _CONTEXT_KEYS if isinstance(value := getattr(network.config, key, None), int)][:1]
    if not limits:
        return None
    positions = getattr(getattr(network, "embeddings", None), "position_embeddings", None)
    if getattr(positions, "padding_idx", None) is not None:
        # Learned positions of the RoBERTa family are counted from the padding index on, which takes some of them.
        limits[-1] -= positions.padding_idx + 1
    return int(min(limits))
