# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The tokenizer of a genomic language model, and whether it is one."""

import re
from pathlib import Path

import numpy as np

from .checkpoint import CheckpointError
from .library_output import import_transformers, quiet_transformers

_DNA_WORD = re.compile(r"[ACGTN]+", re.IGNORECASE)
# What tokenizers put in front of a word: byte-level BPE, SentencePiece, WordPiece.
_WORD_MARKS = re.compile("^(Ġ|▁|##)")
_LEAST_DNA_SHARE = 0.5
_PROBE_LENGTH = 2**14
_PROBE_SEED = 0

_TO_BASES = str.maketrans(dict.fromkeys("RYSWKMBDHVryswkmbdhvn.-", "N") | dict(zip("acgtuU", "ACGTTT")))
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


def read_bases(sequence: str) -> str:
    """Write a sequence as the models read it: upper case, T for U, and N for every base that is not known."""
    return sequence.translate(_TO_BASES)


def reverse_complement(bases: str) -> str:
    """Reverse and complement what `read_bases` gave."""
    return bases.translate(_COMPLEMENT)[::-1]


def random_dna(length: int, seed: int) -> str:
    """Draw `length` bases, A, C, G and T with equal probability; the same seed gives the same bases."""
    return np.random.default_rng(seed).choice(np.frombuffer(b"ACGT", np.uint8), length).tobytes().decode()


def load_tokenizer(directory: Path):
    """Load the tokenizer of a checkpoint and check that it is made for DNA.

    `PreTrainedTokenizerFast` reads `tokenizer.json` as it is. `AutoTokenizer` of transformers 5 may instead route a
    Mistral checkpoint to another backend, which wants a file that genomic checkpoints do not have.

    Returns
    -------
    transformers.PreTrainedTokenizerFast

    Raises
    ------
    CheckpointError
        If the tokenizer cannot be loaded or does not encode DNA, see `check_encodes_dna`.
    """
    transformers = import_transformers()
    with quiet_transformers():
        try:
            tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(
                str(directory), local_files_only=True, trust_remote_code=False
            )
        except Exception as error:  # the library raises what its parsers raise
            raise CheckpointError(
                f"transformers {transformers.__version__} cannot load the tokenizer of the checkpoint: {error}. Check "
                f"that tokenizer.json and tokenizer_config.json come from the same download."
            ) from error
    check_encodes_dna(tokenizer)
    return tokenizer


def check_encodes_dna(tokenizer) -> None:
    """Check that a tokenizer reads DNA: no unknown tokens, no base lost, and a vocabulary that is one of DNA.

    Raises
    ------
    CheckpointError
        If it does not; the message says what it made of DNA.
    """
    probe = random_dna(_PROBE_LENGTH, _PROBE_SEED)
    ids = _encode(tokenizer, probe)
    if tokenizer.unk_token_id is not None and tokenizer.unk_token_id in ids:
        raise CheckpointError(
            f"The tokenizer has no word for some DNA: it made {ids.count(tokenizer.unk_token_id)} unknown tokens "
            f"({tokenizer.unk_token}) of {_PROBE_LENGTH} random bases. It is not the tokenizer of a genomic model; use "
            f"the tokenizer.json that was published with the weights."
        )
    words = [_bare(word) for word in tokenizer.convert_ids_to_tokens(ids)]
    if "".join(words).upper() != probe:
        raise CheckpointError(
            f"The tokenizer loses bases: {_PROBE_LENGTH} random bases came back as {len(''.join(words))} letters that "
            f"are not the same. Use the tokenizer.json that was published with the weights."
        )
    special = set(tokenizer.all_special_tokens)
    vocabulary = [_bare(word) for word in tokenizer.get_vocab() if word not in special]
    n_dna = sum(_DNA_WORD.fullmatch(word) is not None for word in vocabulary)
    if n_dna < _LEAST_DNA_SHARE * len(vocabulary):
        raise CheckpointError(
            f"The tokenizer is one of text and not of DNA: {n_dna} of the {len(vocabulary)} words of its vocabulary "
            f"consist of A, C, G, T and N. Import the checkpoint of a genomic language model."
        )


def _bare(word: str) -> str:
    return _WORD_MARKS.sub("", word)


def bases_per_token(tokenizer) -> float:
    """Measure how many bases a token holds, on random DNA.

    Random bases are the least compressible DNA, so that windows which are laid out by this number and cut from genomes
    hardly ever need more tokens. The number depends on the tokenizer alone: where the windows of a contig lie does not
    depend on the other contigs of a study.
    """
    return _PROBE_LENGTH / len(_encode(tokenizer, random_dna(_PROBE_LENGTH, _PROBE_SEED)))


def _encode(tokenizer, bases: str) -> list[int]:
    with quiet_transformers():  # which would warn that this is more than the model reads at once
        return tokenizer(bases, add_special_tokens=False)["input_ids"]
