# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The files of a checkpoint in the layout of transformers: which there must be, and which are refused.

Nothing here imports torch or transformers; `language_model.py` loads what this module has found to be complete.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"

_PICKLE_SUFFIXES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})
_LFS_POINTER = b"version https://git-lfs"
_BYTES_AT_ONCE = 2**22


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message says what was found and what to do."""


def check_checkpoint_files(directory: Path) -> None:
    """Check that a checkpoint is complete and holds neither pickles nor code, without reading the weights.

    Raises
    ------
    CheckpointError
        If a file is missing, truncated, not JSON, pickled, or code; or if the index and the shards disagree.
    """
    directory = Path(directory)
    for path in sorted(directory.rglob("*")):
        refuse_unsafe_file(path)
    read_config(directory)
    if not (directory / TOKENIZER).is_file():
        raise CheckpointError(
            f"The checkpoint has no {TOKENIZER}. A language model reads DNA through its own tokenizer: download "
            f"{TOKENIZER} from where the weights came from. If there is only a slow tokenizer (vocab.txt ...), save it "
            f"as a fast one: transformers.AutoTokenizer.from_pretrained(DIRECTORY).save_pretrained(DIRECTORY)."
        )
    read_json(directory / TOKENIZER)
    for path in weight_files(directory):
        check_tensor_header(path)
    _check_index(directory)


def refuse_unsafe_file(path: Path) -> None:
    """Check that a file of a checkpoint is neither a pickle nor code.

    Raises
    ------
    CheckpointError
        If it is; the message says how to convert it or that it can be deleted.
    """
    path = Path(path)
    if path.suffix == ".py":
        raise CheckpointError(
            f"The checkpoint holds code ({path.name}). It is never run: the class that transformers itself has for the "
            f"architecture is used. Delete the file, or leave it out of the download."
        )
    if path.suffix not in _PICKLE_SUFFIXES:
        return
    if any(path.parent.glob("*.safetensors")):
        raise CheckpointError(
            f"The checkpoint holds a pickle ({path.name}), which can run code when it is read. It is not needed, as "
            f"the weights are there as safetensors: delete the file."
        )
    raise CheckpointError(
        f"The checkpoint holds pickled weights ({path.name}), which can run code when they are read. If you trust "
        f"their source, convert them to safetensors and import the new directory: "
        f"`python -c \"from transformers import AutoModel; AutoModel.from_pretrained('OLD').save_pretrained('NEW')\"`, "
        f"then copy {TOKENIZER} and tokenizer_config.json from OLD to NEW."
    )


def read_config(directory: Path) -> dict[str, Any]:
    """Read `config.json`.

    Raises
    ------
    CheckpointError
        If it is missing, is not a JSON object, names no architecture, or describes quantized weights.
    """
    path = Path(directory) / CONFIG
    if not path.is_file():
        raise CheckpointError(
            f"The checkpoint has no {CONFIG}. Import the folder that holds {CONFIG}, {TOKENIZER} and the safetensors."
        )
    config = read_json(path)
    if not isinstance(config.get("model_type"), str):
        raise CheckpointError(f"{CONFIG} has no `model_type`, so it does not say which architecture the model has.")
    if "quantization_config" in config:
        raise CheckpointError(
            "The weights are quantized, which changes embeddings in ways that nobody has measured here. Import the "
            "original checkpoint; `embed` itself computes in bfloat16 where that is safe."
        )
    return config


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    CheckpointError
        If the file holds anything else.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path.name} is not JSON: {error}. Download it again.") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path.name} holds a JSON {type(content).__name__}; expected an object.")
    return content


def weight_files(directory: Path) -> tuple[Path, ...]:
    """Find the files that hold the weights: the single one, or else every shard that the index names.

    Raises
    ------
    CheckpointError
        If there are none, or if a shard is missing.
    """
    directory = Path(directory)
    if (directory / WEIGHTS).is_file():
        return (directory / WEIGHTS,)
    if not (directory / INDEX).is_file():
        raise CheckpointError(
            f"The checkpoint has neither {WEIGHTS} nor {INDEX}. Only weights as safetensors are read; download them, "
            f"or convert what you have with save_pretrained of transformers."
        )
    shards = sorted(set(_weight_map(directory).values()))
    missing = [shard for shard in shards if not (directory / shard).is_file()]
    if missing:
        raise CheckpointError(
            f"{INDEX} names {len(shards)} shards and {len(missing)} of them are missing: {', '.join(missing)}. Run the "
            f"download again; it fetches only what is missing."
        )
    return tuple(directory / shard for shard in shards)


def _weight_map(directory: Path) -> dict[str, str]:
    weight_map = read_json(directory / INDEX).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise CheckpointError(f"{INDEX} has no `weight_map`, which says where each tensor is.")
    for tensor, shard in weight_map.items():
        if not isinstance(shard, str) or Path(shard).name != shard:
            raise CheckpointError(f"{INDEX} places the tensor {tensor} in {shard!r}; expected the name of a file.")
    return weight_map


def check_tensor_header(path: Path) -> tuple[str, ...]:
    """Read the header of a safetensors file, check that the file is as long as it says, and name its tensors.

    Raises
    ------
    CheckpointError
        If the header does not parse or the file is too short or too long.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    with open(path, "rb") as file:
        if file.read(len(_LFS_POINTER)) == _LFS_POINTER:
            raise CheckpointError(
                f"{path.name} is a Git LFS pointer and not the weights. Run `git lfs pull` in the directory, or "
                f"download it with `hf download`."
            )
    try:
        with safe_open(path, framework="numpy") as file:
            return tuple(file.keys())
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path.name} ({path.stat().st_size} bytes) is not a whole safetensors file: {error}. Most likely the "
            f"download broke off: delete the file and run the download again."
        ) from error


def _check_index(directory: Path) -> None:
    if (directory / WEIGHTS).is_file():
        return
    present = {path.name: set(check_tensor_header(path)) for path in weight_files(directory)}
    for tensor, shard in _weight_map(directory).items():
        if tensor not in present[shard]:
            raise CheckpointError(
                f"{INDEX} places the tensor {tensor} in {shard}, which does not hold it. The files are of different "
                f"versions of the checkpoint: download all of them again."
            )


def check_tensors(directory: Path) -> None:
    """Read every tensor, one at a time, and check that it holds numbers.

    Raises
    ------
    CheckpointError
        If a tensor cannot be read or holds a value that is not finite.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    checked = {torch.float16, torch.bfloat16, torch.float32, torch.float64}
    for path in weight_files(directory):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 (the file is no mapping)
                try:
                    tensor = file.get_tensor(name)
                except SafetensorError as error:
                    raise CheckpointError(f"The tensor {name} in {path.name} cannot be read: {error}.") from error
                if tensor.dtype in checked and not torch.isfinite(tensor).all():
                    raise CheckpointError(
                        f"The tensor {name} in {path.name} holds values that are not finite. Download the file again."
                    )


def sha256_of(*paths: Path) -> str:
    """Hash files, one after the other, as one stream of bytes; hexadecimal."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while block := file.read(_BYTES_AT_ONCE):
                digest.update(block)
    return digest.hexdigest()
