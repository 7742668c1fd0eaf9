# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`embed`: turn contigs into vectors with a genomic language model."""

from q2_types.feature_data import DNAFASTAFormat, DNAIterator, FeatureData, Sequence, Taxonomy
from q2_types.feature_table import FeatureTable, Frequency, RelativeFrequency
from qiime2.plugin import Bool, Choices, Int, List, Plugin, Range, Str

from ..citations import citations
from ..core.embedding import POOLINGS
from ..core.precision import PRECISIONS
from ..examples import embed as examples
from ..types.contigs import CONTIGS
from ..types.embedding import SequenceEmbeddingType
from ..types.language_model import GenomicLanguageModel
from . import parameters
from .embed_parts import _collate_embeddings, _embed_partition, _select_contigs_to_embed


def embed(
    ctx,
    sequences,
    language_model,
    taxonomy=None,
    table=None,
    windows_per_contig=1,
    window_tokens="auto",
    pooling="mean",
    both_strands=False,
    batch_tokens=16384,
    precision="auto",
    device="auto",
    max_contigs=None,
    seed=parameters.DEFAULT_SEED,
    num_partitions=1,
    threads=1,
):
    """Choose the contigs, embed them part by part, and put the parts together; a pipeline."""
    select = ctx.get_action("taxdistill", "_select_contigs_to_embed")
    embed_partition = ctx.get_action("taxdistill", "_embed_partition")
    collate = ctx.get_action("taxdistill", "_collate_embeddings")

    fasta = sequences.view(DNAFASTAFormat)
    n_contigs = sum(1 for _ in fasta.view(DNAIterator))
    if max_contigs is None and (taxonomy is not None or table is not None):
        raise ValueError(
            "The taxonomy and the table only serve to choose the contigs to embed. Set max-contigs, or leave them out."
        )
    if max_contigs is not None and max_contigs < n_contigs:
        (sequences,) = select(sequences, max_contigs=max_contigs, seed=seed, taxonomy=taxonomy, table=table)
        n_contigs = max_contigs
    num_partitions = min(num_partitions, n_contigs)

    runs = []
    for partition in range(num_partitions):
        run = embed_partition(
            sequences,
            language_model,
            partition=partition,
            num_partitions=num_partitions,
            windows_per_contig=windows_per_contig,
            window_tokens=window_tokens,
            pooling=pooling,
            both_strands=both_strands,
            batch_tokens=batch_tokens,
            precision=precision,
            device=device,
            threads=threads,
        )
        runs.append(run)
    if num_partitions == 1:
        return runs[0].embeddings
    # With `--parallel` a run is a promise. QIIME 2 looks for promises among the arguments of the next action, but not
    # inside a list: it would wait for them while it holds the lock of the cache, which they need to finish.
    parts = [getattr(run, "_result", lambda run=run: run)().embeddings for run in runs]
    (embeddings,) = collate(parts)
    return embeddings


_LANGUAGE_MODEL = "The language model, such as GenomeOcean."
MAX_CONTIGS = Int % Range(1, None)
SETTINGS = {
    "windows_per_contig": Int % Range(1, None) | Str % Choices(["all"]),
    "window_tokens": Int % Range(16, None) | Str % Choices(["auto"]),
    "pooling": Str % Choices(list(POOLINGS)),
    "both_strands": Bool,
    "batch_tokens": Int % Range(1, None),
    "precision": Str % Choices(list(PRECISIONS)),
    "device": parameters.LEARNING["device"],
    "threads": parameters.LEARNING["threads"],
}
SETTING_DESCRIPTIONS = {
    "windows_per_contig": (
        "How many windows of a contig the model reads; this decides what the job costs. Windows lie evenly over the "
        "contig and never overlap; a contig that fewer windows cover gets fewer. `all` reads every base once."
    ),
    "window_tokens": (
        "The most tokens of a window, with the special ones that the tokenizer adds. `auto` takes what the model's "
        "configuration says that it reads at once. A token is about five bases."
    ),
    "pooling": (
        "How a window becomes one vector: the mean of the last hidden states of all tokens, or that of the last token. "
        "Windows of a contig are averaged."
    ),
    "both_strands": "Average the embeddings of both strands, which costs twice as much.",
    "batch_tokens": (
        "The most tokens that are computed at once, which bounds the memory. One window is always computed whole."
    ),
    "precision": (
        "`auto` computes in bfloat16 where that is faster on the device and the embeddings of a few windows keep a "
        "cosine of at least 0.999 to those in float32; else in float32. Embeddings in float32 are stored as float32, "
        "those in bfloat16 as float16."
    ),
    "device": parameters.LEARNING_DESCRIPTIONS["device"],
    "threads": parameters.LEARNING_DESCRIPTIONS["threads"],
}
SELECTION_DESCRIPTIONS = {
    "max_contigs": (
        "Embed at most so many contigs, spread over composition and length, and over labels and depth profiles where a "
        "taxonomy and a table are given."
    ),
    "seed": "Decides which contigs are chosen where max-contigs leaves some out.",
}
_SELECTION_INPUT_DESCRIPTIONS = {
    "taxonomy": "Labels of the contigs, to spread the choice of max-contigs over them.",
    "table": "Depths of the contigs, to spread the choice of max-contigs over depth profiles.",
}
_SELECTION_INPUTS = {
    "taxonomy": FeatureData[Taxonomy],
    "table": FeatureTable[Frequency | RelativeFrequency],
}


def register(plugin: Plugin) -> None:
    """Register `embed` and its parts."""
    plugin.pipelines.register_function(
        function=embed,
        inputs={"sequences": CONTIGS, "language_model": GenomicLanguageModel, **_SELECTION_INPUTS},
        parameters={
            **SETTINGS,
            "max_contigs": MAX_CONTIGS,
            "seed": parameters.LEARNING["seed"],
            "num_partitions": Int % Range(1, None),
        },
        outputs=[("embeddings", FeatureData[SequenceEmbeddingType])],
        input_descriptions={
            "sequences": parameters.SEQUENCES,
            "language_model": _LANGUAGE_MODEL,
            **_SELECTION_INPUT_DESCRIPTIONS,
        },
        parameter_descriptions={
            **SETTING_DESCRIPTIONS,
            **SELECTION_DESCRIPTIONS,
            "num_partitions": (
                "How many parts of like cost the contigs are cut into. Parts run at the same time with `--parallel` "
                "(QIIME 2 2023.5 and later), and parts that are done are not done again when an interrupted run is "
                "resumed from its recycle pool. Every part loads the model."
            ),
        },
        output_descriptions={"embeddings": "One vector for each contig, or for each chosen one."},
        name="Embed contigs with a genomic language model",
        description=(
            "Reads windows of each contig with a language model of DNA and pools the hidden states into one vector. "
            "This is the costly step: make the embeddings once, and use them as often as needed. Windows per contig "
            "and max-contigs decide the cost."
        ),
        citations=citations("genomeocean"),
        examples={"Embed contigs": examples.embed_contigs, "Embed some of the contigs": examples.embed_some},
    )
    plugin.methods.register_function(
        function=_select_contigs_to_embed,
        inputs={"sequences": CONTIGS, **_SELECTION_INPUTS},
        parameters={"max_contigs": MAX_CONTIGS, "seed": parameters.LEARNING["seed"]},
        outputs=[("selected", FeatureData[Sequence])],
        input_descriptions={"sequences": parameters.SEQUENCES, **_SELECTION_INPUT_DESCRIPTIONS},
        parameter_descriptions=SELECTION_DESCRIPTIONS,
        output_descriptions={"selected": "The chosen contigs, in the order of the input."},
        name="Choose contigs to embed",
        description="A part of embed: chooses contigs that stand for all of them.",
        citations=citations("powerallocation"),
        examples={"Choose contigs": examples.select_contigs},
    )
    plugin.methods.register_function(
        function=_embed_partition,
        inputs={"sequences": CONTIGS, "language_model": GenomicLanguageModel},
        parameters={
            **SETTINGS,
            "partition": Int % Range(0, None),
            "num_partitions": Int % Range(1, None),
        },
        outputs=[("embeddings", FeatureData[SequenceEmbeddingType])],
        input_descriptions={"sequences": parameters.SEQUENCES, "language_model": _LANGUAGE_MODEL},
        parameter_descriptions={
            **SETTING_DESCRIPTIONS,
            "partition": "Which part of the contigs to embed, from 0.",
            "num_partitions": "How many parts of like cost the contigs are cut into.",
        },
        output_descriptions={"embeddings": "One vector for each contig of the part."},
        name="Embed a part of the contigs",
        description="A part of embed: embeds consecutive contigs.",
        citations=citations("genomeocean", "pytorch"),
        examples={"Embed the first half": examples.embed_partition},
    )
    plugin.methods.register_function(
        function=_collate_embeddings,
        inputs={"embeddings": List[FeatureData[SequenceEmbeddingType]]},
        parameters={},
        outputs=[("collated", FeatureData[SequenceEmbeddingType])],
        input_descriptions={"embeddings": "Embeddings of different contigs by one model and in one way."},
        parameter_descriptions={},
        output_descriptions={"collated": "All embeddings, in the order of the parts."},
        name="Put parts of embeddings together",
        description="A part of embed: joins the embeddings of different contigs.",
        citations=[],
        examples={"Collate two parts": examples.collate},
    )
