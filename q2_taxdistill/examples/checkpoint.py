# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""A genomic language model small enough to train in seconds, saved as the published GenomeOcean checkpoints are.

It has their architecture (Mistral), their kind of tokenizer (a BPE vocabulary of DNA words in `tokenizer.json`, loaded
by `PreTrainedTokenizerFast`, which adds [CLS] and [SEP]) and their files. Usage examples and tests run on it what users
run on the published weights.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..core.library_output import import_transformers, quiet_transformers

_SPECIAL_TOKENS = {
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "mask_token": "[MASK]",
}
_LETTERS = "ACGNT"
_BATCH = 16
_LEARNING_RATE = 3e-3


def train_checkpoint(
    directory: Path,
    sequences: Sequence[str],
    seed: int,
    vocabulary: int = 256,
    hidden_size: int = 32,
    layers: int = 2,
    heads: int = 4,
    context: int = 128,
    steps: int = 20,
    shard_size: str = "5GB",
) -> None:
    """Train a tokenizer and a causal model on sequences and save both in the layout of transformers.

    Parameters
    ----------
    directory : Path
        Is made if it is not there.
    sequences : sequence of str
        DNA to learn from, in upper case.
    seed : int
        Of the initial weights and of the order of the batches.
    vocabulary : int
        The number of tokens; at least 10.
    hidden_size : int
        A multiple of twice the number of attention heads.
    context : int
        The most tokens that the model reads at once.
    steps : int
        Of AdamW, each on 16 windows; 0 leaves the weights as they were drawn.
    shard_size : str
        The most that one file of weights holds, such as ``50KB``.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with quiet_transformers():
        tokenizer = train_tokenizer(sequences, vocabulary, context)
        model = _mistral(tokenizer, hidden_size, layers, heads, context, seed)
        _train_model(model, tokenizer, sequences, seed, steps)
        tokenizer.save_pretrained(directory)
        model.save_pretrained(directory, max_shard_size=shard_size)


def train_tokenizer(sequences: Sequence[str], vocabulary: int, context: int):
    """Train a BPE tokenizer on DNA.

    Returns
    -------
    transformers.PreTrainedTokenizerFast
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    backend = Tokenizer(models.BPE(unk_token=_SPECIAL_TOKENS["unk_token"]))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(_SPECIAL_TOKENS.values()),
        initial_alphabet=list(_LETTERS),
        show_progress=False,
    )
    # BPE sees every sequence as one word and counts pairs within words: short words keep the training fast.
    words = [sequence[start : start + 200] for sequence in sequences for start in range(0, len(sequence), 200)]
    backend.train_from_iterator(words, trainer)
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(token, backend.token_to_id(token)) for token in ("[CLS]", "[SEP]")],
    )
    return import_transformers().PreTrainedTokenizerFast(
        tokenizer_object=backend, model_max_length=context, padding_side="left", **_SPECIAL_TOKENS
    )


def _mistral(tokenizer, hidden_size: int, layers: int, heads: int, context: int, seed: int):
    import torch

    transformers = import_transformers()
    config = transformers.MistralConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden_size,
        intermediate_size=4 * hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=context,
        sliding_window=None,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return transformers.MistralForCausalLM(config)


def _train_model(model, tokenizer, sequences: Sequence[str], seed: int, steps: int) -> None:
    import torch

    rng = np.random.default_rng(seed)
    context = model.config.max_position_embeddings
    ids = np.concatenate(tokenizer(list(sequences), add_special_tokens=False)["input_ids"])
    window = min(context - 2, len(ids))
    optimizer = torch.optim.AdamW(model.parameters(), lr=_LEARNING_RATE)
    model.train()
    for _ in range(steps):
        starts = rng.integers(0, len(ids) - window + 1, _BATCH)
        batch = np.full((_BATCH, window + 2), tokenizer.cls_token_id)
        batch[:, 1:-1] = ids[starts[:, np.newaxis] + np.arange(window)]
        batch[:, -1] = tokenizer.sep_token_id
        inputs = torch.from_numpy(batch)
        loss = model(input_ids=inputs, labels=inputs).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
