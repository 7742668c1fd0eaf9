# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q2_taxdistill.core.dna_tokenizer import random_dna, reverse_complement
from q2_taxdistill.core.embedding import (
    EmbeddingError,
    EmbeddingSettings,
    OutOfMemoryError,
    batches_by_length,
    embed_contigs,
    embed_sequences,
)
from q2_taxdistill.core.language_model import load_language_model
from q2_taxdistill.core.windows import window_spans

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

ALL = EmbeddingSettings(windows_per_contig=None)


@pytest.fixture(scope="module")
def model(checkpoints):
    return load_language_model(checkpoints / "whole", "cpu", "float32")


@pytest.fixture
def encoder(checkpoint):
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=256, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    (checkpoint / "model.safetensors").unlink()
    transformers.BertModel(config).save_pretrained(checkpoint)
    return load_language_model(checkpoint, "cpu", "float32")


def direct_states(checkpoint, bases):
    """The last hidden states of one window, by transformers alone."""
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(checkpoint)
    network = transformers.AutoModel.from_pretrained(checkpoint, attn_implementation="eager").to(torch.float32).eval()
    with torch.no_grad():
        encoded = tokenizer(bases, return_tensors="pt")
        output = network(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"])
    return output.last_hidden_state[0].numpy()


@pytest.mark.parametrize("pooling", ["mean", "last-token"])
def test_one_window_is_a_direct_forward_pass(checkpoints, model, pooling):
    bases = random_dna(300, 5)
    states = direct_states(checkpoints / "whole", bases)
    expected = states.mean(axis=0) if pooling == "mean" else states[-1]
    rows = embed_sequences(model, [bases], EmbeddingSettings(pooling=pooling))
    assert np.abs(rows[0] - expected).max() < 1e-5


def test_contig_is_the_mean_of_its_windows(checkpoints, model, contigs):
    sequence = max(contigs.values(), key=len)
    spans = window_spans(len(sequence), ALL.bases_of(model), 3)
    expected = np.mean(
        [direct_states(checkpoints / "whole", sequence[start:end]).mean(axis=0) for start, end in spans], axis=0
    )
    rows = embed_sequences(model, [sequence], EmbeddingSettings(windows_per_contig=3))
    assert np.abs(rows[0] - expected).max() < 1e-5


def test_windows_of_genomes_fit_the_context(model, contigs):
    window = ALL.bases_of(model)
    pieces = [
        sequence[start:end] for sequence in contigs.values() for start, end in window_spans(len(sequence), window, None)
    ]
    lengths = np.array([len(ids) for ids in model.tokenize(pieces, 10**6)])
    assert (lengths <= model.context).mean() > 0.9
    assert np.mean(lengths[[len(piece) > 0.9 * window for piece in pieces]]) > 0.8 * model.context


def test_windows_with_too_many_tokens_are_cut(model):
    (ids,) = model.tokenize(["ACGN" * 500], model.context)
    assert len(ids) == model.context
    assert np.isfinite(embed_sequences(model, ["N" * 2000], ALL)).all()


@pytest.mark.parametrize("batch_tokens", [1, 200, 1000, 10**6])
def test_embedding_does_not_depend_on_the_batch(model, contigs, batch_tokens):
    sequences = list(contigs.values())[:12]
    alone = np.concatenate([embed_sequences(model, [sequence], ALL) for sequence in sequences[:5]])
    settings = dataclasses.replace(ALL, batch_tokens=batch_tokens)
    assert np.abs(embed_sequences(model, sequences, settings)[:5] - alone).max() < 1e-4


def test_encoder_does_not_see_padding(encoder):
    sequences = [random_dna(length, length) for length in (20, 90, 260)]
    alone = np.concatenate([embed_sequences(encoder, [sequence], ALL) for sequence in sequences])
    assert np.abs(embed_sequences(encoder, sequences, ALL) - alone).max() < 1e-4


def test_permutation_of_the_input_permutes_the_output(model, contigs):
    sequences = list(contigs.values())[:12]
    order = np.random.default_rng(0).permutation(len(sequences))
    permuted = embed_sequences(model, [sequences[row] for row in order], ALL)
    assert np.abs(permuted - embed_sequences(model, sequences, ALL)[order]).max() < 1e-4


def test_both_strands_are_the_same_from_either(model):
    settings = EmbeddingSettings(windows_per_contig=2, both_strands=True)
    bases = random_dna(800, 1)
    both = embed_sequences(model, [bases, reverse_complement(bases)], settings)
    assert np.abs(both[0] - both[1]).max() < 1e-5
    single = embed_sequences(
        model, [bases, reverse_complement(bases)], dataclasses.replace(settings, both_strands=False)
    )
    assert np.abs(single.mean(axis=0) - both[0]).max() < 1e-5
    assert np.abs(single[0] - single[1]).max() > 1e-3


def test_case_does_not_count(model):
    rows = embed_sequences(model, ["ACGTTGCAAC" * 9, "acgttgcaac" * 9], ALL)
    assert np.abs(rows[0] - rows[1]).max() < 1e-6


def test_contigs_come_one_by_one_and_progress_is_told(model, contigs):
    contigs = {name: sequence[:300] for name, sequence in contigs.items()}
    seen, reported = [], []

    def stream():
        for identifier, sequence in contigs.items():
            seen.append(identifier)
            yield identifier, sequence

    rows = np.zeros((len(contigs), model.dim), dtype=np.float32)
    settings = EmbeddingSettings(windows_per_contig=None, batch_tokens=20)

    def report(n_bases):
        reported.append((len(seen), n_bases))

    embed_contigs(model, stream(), settings, rows, report)
    assert reported[0][0] < len(contigs) / 2, "all contigs were read before the first batch ran"
    assert sum(n_bases for _, n_bases in reported) == sum(map(len, contigs.values()))


@given(st.lists(st.integers(0, 300), max_size=30), st.integers(1, 2000))
def test_batches_keep_to_the_budget(lengths, batch_tokens):
    batches = list(batches_by_length(lengths, batch_tokens))
    assert sorted(index for batch in batches for index in batch) == [i for i, n in enumerate(lengths) if n > 0]
    for batch in batches:
        longest = max(lengths[index] for index in batch)
        assert len(batch) == 1 or longest * len(batch) <= batch_tokens
        assert min(lengths[index] for index in batch) >= 0.9 * longest


def test_padding_is_small(model, contigs):
    sequences = list(contigs.values())
    pieces = [
        text[start:end] for text in sequences for start, end in window_spans(len(text), ALL.bases_of(model), None)
    ]
    lengths = np.array([len(ids) for ids in model.tokenize(pieces, model.context)])
    batches = list(batches_by_length(lengths, 8 * model.context))
    padded = sum(lengths[batch].max() * len(batch) for batch in batches)
    assert lengths.sum() / padded > 0.95


def fail(message):
    def run(*_args, **_kwargs):
        raise RuntimeError(message)

    return run


@pytest.mark.parametrize(
    "message",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB.",
        "[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes.",
        "MPS backend out of memory (MPS allocated: 9 GB)",
    ],
)
def test_out_of_memory_says_what_to_lower(model, message):
    broken = dataclasses.replace(model, network=fail(message))
    sequences = [random_dna(300, seed) for seed in range(8)]
    with pytest.raises(
        OutOfMemoryError, match=r"batch of 8 windows of up to \d+ tokens .* Lower batch-tokens to (\d+)"
    ) as caught:
        embed_sequences(broken, sequences, ALL)
    advised = int(str(caught.value).rstrip(".").rpartition(" ")[2])
    longest = max(len(ids) for ids in model.tokenize(sequences, 128))
    assert longest <= advised <= 8 * longest / 2


def test_out_of_memory_with_one_window(model):
    broken = dataclasses.replace(model, network=fail("CUDA out of memory."))
    with pytest.raises(OutOfMemoryError, match=r"lower window-tokens to 6[0-9], or set precision to bfloat16"):
        embed_sequences(broken, [random_dna(2000, 1)], dataclasses.replace(ALL, batch_tokens=1))


def test_other_failures_are_not_taken_for_memory(model):
    broken = dataclasses.replace(model, network=fail("expected scalar type Float"))
    with pytest.raises(RuntimeError, match=r"expected scalar type Float"):
        embed_sequences(broken, ["ACGT"], ALL)


def test_values_that_are_not_finite(model):
    broken = dataclasses.replace(model, network=lambda input_ids, **_: (torch.full((*input_ids.shape, 32), torch.nan),))
    with pytest.raises(EmbeddingError, match=r"The contig bad has no embedding"):
        embed_contigs(broken, [("bad", "ACGT")], ALL, np.zeros((1, 32), np.float32))


def test_values_that_float16_cannot_hold(model):
    broken = dataclasses.replace(model, network=lambda input_ids, **_: (torch.full((*input_ids.shape, 32), 1e5),))
    with pytest.raises(
        EmbeddingError, match=r"up to 1e.05, which is more than float16 can hold. Set precision to float32"
    ):
        embed_contigs(broken, [("large", "ACGT")], ALL, np.zeros((1, 32), np.float16))


@pytest.mark.parametrize("n_contigs", [1, 3])
def test_other_number_of_contigs_than_announced(model, n_contigs):
    contigs = [(str(number), "ACGT" * 30) for number in range(2)]
    with pytest.raises((EmbeddingError, ValueError), match=r"announced|broadcast"):
        embed_contigs(model, contigs, ALL, np.zeros((n_contigs, 32), np.float32))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pooling": "max"}, "pooling is 'max'"),
        ({"windows_per_contig": 0}, "windows-per-contig is 0"),
        ({"window_tokens": 3}, "window-tokens is 3; expected at least 16"),
        ({"batch_tokens": 0}, "batch-tokens is 0"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(EmbeddingError, match=message):
        EmbeddingSettings(**settings)


def test_windows_beyond_the_context(model):
    with pytest.raises(EmbeddingError, match=r"window-tokens is 129 and the model reads at most 128"):
        embed_sequences(model, ["ACGT"], EmbeddingSettings(window_tokens=129))


def test_model_without_a_limit_needs_window_tokens(model):
    endless = dataclasses.replace(model, context=None)
    with pytest.raises(EmbeddingError, match=r"does not say how many tokens .* Set window-tokens"):
        embed_sequences(endless, ["ACGT"], ALL)
    assert EmbeddingSettings(window_tokens=512).tokens_of(endless) == 512
