# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q2_taxdistill.core.checkpoint import CheckpointError
from q2_taxdistill.core.dna_tokenizer import (
    bases_per_token,
    check_encodes_dna,
    load_tokenizer,
    random_dna,
    read_bases,
    reverse_complement,
)

transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")


def wrap(backend, **special):
    return transformers.PreTrainedTokenizerFast(tokenizer_object=backend, **special)


def text_tokenizer():
    """Byte-level BPE, as GPT-2 has: it reads any text, DNA too, without unknown tokens."""
    backend = tokenizers.Tokenizer(tokenizers.models.BPE())
    backend.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    backend.train_from_iterator(["The quick brown fox jumps over the lazy dog, again and again."] * 3, trainer)
    return wrap(backend)


def letter_tokenizer(letters, **special):
    words = {letter: number for number, letter in enumerate([*letters, *special.values()])}
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token=special.get("unk_token", "N")))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex("."), "isolated")
    return wrap(backend, **special)


def test_bpe_of_dna_is_accepted(checkpoints):
    tokenizer = load_tokenizer(checkpoints / "whole")
    assert tokenizer("ACGTACGTN")["input_ids"][0] == tokenizer.cls_token_id
    assert 2 < bases_per_token(tokenizer) < 5


def test_single_letters_of_dna_are_accepted():
    tokenizer = letter_tokenizer("ACGTN", unk_token="[UNK]")
    check_encodes_dna(tokenizer)
    assert bases_per_token(tokenizer) == 1


def test_text_is_refused():
    with pytest.raises(CheckpointError, match=r"one of text and not of DNA: .* of the .* words"):
        check_encodes_dna(text_tokenizer())


def test_proteins_are_refused():
    with pytest.raises(CheckpointError, match=r"5 of the 20 words of its vocabulary consist of A, C, G, T and N"):
        check_encodes_dna(letter_tokenizer("ACDEFGHIKLMNPQRSTVWY", unk_token="<unk>"))


def test_missing_base_is_refused():
    with pytest.raises(CheckpointError, match=r"no word for some DNA: it made \d+ unknown tokens \(\[UNK\]\)"):
        check_encodes_dna(letter_tokenizer("ACG", unk_token="[UNK]"))


def test_lost_bases_are_refused(checkpoints):
    tokenizer = load_tokenizer(checkpoints / "whole")
    backend = tokenizers.Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    backend.normalizer = tokenizers.normalizers.Replace("TT", "T")
    with pytest.raises(CheckpointError, match=r"loses bases: .* came back as"):
        check_encodes_dna(wrap(backend, unk_token="[UNK]"))


def test_tokenizer_that_does_not_load(checkpoint):
    (checkpoint / "tokenizer.json").write_text('{"version": "1.0"}')
    with pytest.raises(CheckpointError, match=r"transformers .* cannot load the tokenizer"):
        load_tokenizer(checkpoint)


def test_bases_are_read_as_models_know_them():
    assert read_bases("acguRYSWKMBDHVN-") == "ACGTNNNNNNNNNNNN"


@given(st.text("ACGTN", max_size=200))
def test_reverse_complement_is_its_own_inverse(bases):
    assert reverse_complement(reverse_complement(bases)) == bases


def test_reverse_complement():
    assert reverse_complement("AACGN") == "NCGTT"


def test_random_dna_is_decided_by_the_seed():
    assert random_dna(50, 3) == random_dna(50, 3) != random_dna(50, 4)
    assert set(random_dna(1000, 0)) == set("ACGT")
