# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What embedding costs, on models with random weights that have the size of the published ones.

`compare` sets `embed`'s own loop against a bare forward pass of the same tokens in full, unpadded batches, in turns, so
that both meet the same machine. `cost` measures one model in one precision; it is a process of its own so that the
memory it reports is that of this model. `windows` counts what share of a study's bases the windows read.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import skbio

from q2_taxdistill.core.dna_tokenizer import random_dna
from q2_taxdistill.core.embedding import EmbeddingSettings, embed_sequences
from q2_taxdistill.core.language_model import LanguageModel, load_language_model
from q2_taxdistill.core.windows import bases_in_windows, window_spans
from q2_taxdistill.examples.checkpoint import train_checkpoint
from q2_taxdistill.examples.community import generate_community

# Width, heads and depth. GenomeOcean-100M has these; of GenomeOcean-500M only the width is known here, and the depth is
# the one that makes 500 million parameters.
SIZES = {"100M": (768, 8, 12), "500M": (1536, 16, 13)}
CONTEXT = 1024
VOCABULARY = 4096
# GenomeOcean's tokenizer makes 1,024 tokens of about 5.1 kb; a vocabulary that is trained here packs DNA less densely.
BASES_PER_TOKEN = 5.0
SEED = 1


def write_random_model(directory: str, size: str) -> None:
    """Draw a model of a published size."""
    hidden_size, heads, layers = SIZES[size]
    train_checkpoint(
        Path(directory),
        [random_dna(2000, seed) for seed in range(200)],
        SEED,
        vocabulary=VOCABULARY,
        hidden_size=hidden_size,
        heads=heads,
        layers=layers,
        context=CONTEXT,
        steps=0,
    )


def load_random_model(size: str, precision: str) -> LanguageModel:
    """Have a model drawn by another process, whose memory is not measured, and load it as `embed` does."""
    with tempfile.TemporaryDirectory() as directory:
        writer = multiprocessing.get_context("spawn").Process(target=write_random_model, args=(directory, size))
        writer.start()
        writer.join()
        return load_language_model(Path(directory), "auto", precision)


def draw_contigs(n_bases: int) -> list[str]:
    """Draw contigs of log-normal lengths (median 3 kb, 300 b to 60 kb) with `n_bases` bases together."""
    rng, contigs, total = np.random.default_rng(SEED), [], 0
    while total < n_bases:
        length = int(np.clip(rng.lognormal(np.log(3000), 1), 300, 60000))
        contigs.append(random_dna(min(length, n_bases - total), total))
        total += len(contigs[-1])
    return contigs


def tokens_of(model: LanguageModel, contigs: list[str], settings: EmbeddingSettings) -> np.ndarray:
    """Gather the tokens of all windows, one after the other."""
    windows = [
        contig[start:end]
        for contig in contigs
        for start, end in window_spans(len(contig), settings.bases_of(model), settings.windows_per_contig)
    ]
    return np.concatenate(model.tokenize(windows, CONTEXT))


def run_bare(model: LanguageModel, tokens: np.ndarray, batch_tokens: int) -> None:
    """Run the network alone over the tokens, in full batches of full rows; tokens that fill no row are left out."""
    import torch

    rows = tokens[: len(tokens) // CONTEXT * CONTEXT].reshape(-1, CONTEXT)
    step = max(1, batch_tokens // CONTEXT)
    with torch.inference_mode():
        for start in range(0, len(rows), step):
            model.network(input_ids=torch.from_numpy(rows[start : start + step]).to(model.device))


def timed(function, *arguments) -> float:
    """Run a function; seconds of processor time on a CPU, which other programs do not count in, else of the clock."""
    clock = time.process_time if arguments[0].device == "cpu" else time.perf_counter
    start = clock()
    function(*arguments)
    return clock() - start


def compare(arguments: argparse.Namespace) -> int:
    """Compare `embed` with a bare forward pass; the exit status is 1 below 0.85."""
    settings = EmbeddingSettings(windows_per_contig=None, batch_tokens=arguments.batch_tokens)
    model = load_random_model(arguments.model, arguments.precision)
    contigs = draw_contigs(arguments.bases)
    tokens = tokens_of(model, contigs, settings)
    run_bare(model, tokens[: 2 * CONTEXT], arguments.batch_tokens)  # warms up
    bare, embedded = [], []
    for _ in range(arguments.rounds):
        bare.append(timed(run_bare, model, tokens, arguments.batch_tokens))
        embedded.append(timed(embed_sequences, model, contigs, settings))
    n_bare = len(tokens) // CONTEXT * CONTEXT
    bare_speed, speed = n_bare / np.median(bare), len(tokens) / np.median(embedded)
    print(f"model {arguments.model}, {model.precision}, {model.device}: {len(contigs)} contigs, {len(tokens)} tokens")
    print(f"bare forward pass: {bare_speed:.1f} tokens a second; embed: {speed:.1f}; ratio {speed / bare_speed:.3f}")
    return int(speed / bare_speed < 0.85)


def cost(arguments: argparse.Namespace) -> int:
    """Measure seconds and memory of one model, and print them for a million bases."""
    settings = EmbeddingSettings(windows_per_contig=None, batch_tokens=arguments.batch_tokens)
    model = load_random_model(arguments.model, arguments.precision)
    contigs = draw_contigs(arguments.bases)
    tokens = tokens_of(model, contigs, settings)
    embed_sequences(model, contigs[:1], settings)  # warms up
    speed = len(tokens) / timed(embed_sequences, model, contigs, settings)
    # Linux counts in kilobytes and macOS in bytes.
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(
        f"| {arguments.model} ({model.identity.parameters:,}) | {model.precision} | {model.device} | {speed:.0f} | "
        f"{1e6 / BASES_PER_TOKEN / speed:.0f} | {memory / 1e9:.1f} |"
    )
    return 0


def windows(arguments: argparse.Namespace) -> int:
    """Count what share of the bases the windows read, for the contigs of a generated community or of a FASTA file."""
    if arguments.fasta:
        lengths = np.array([len(record) for record in skbio.io.read(str(arguments.fasta), format="fasta")])
    else:
        lengths = np.array([len(contig) for contig in generate_community(SEED, n_contigs=400).contigs.values()])
    window = int((CONTEXT - 2) * BASES_PER_TOKEN)
    print(f"{len(lengths)} contigs, {lengths.sum() / 1e6:.2f} Mbp, median {np.median(lengths):.0f} bases")
    for count in (1, 2, 4, None):
        share = sum(bases_in_windows(length, window, count) for length in lengths) / lengths.sum()
        print(f"windows-per-contig {count or 'all'}: reads {share:.1%} of the bases")
    return 0


def main() -> int:
    """Read the command line and run what it names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    for function in (compare, cost):
        command = commands.add_parser(function.__name__, help=function.__doc__.splitlines()[0])
        command.set_defaults(run=function)
        command.add_argument("--model", choices=SIZES, default="100M")
        command.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
        command.add_argument("--bases", type=int, default=100_000)
        command.add_argument("--batch-tokens", type=int, default=EmbeddingSettings.batch_tokens)
        command.add_argument("--rounds", type=int, default=3)
    command = commands.add_parser("windows", help=windows.__doc__)
    command.set_defaults(run=windows)
    command.add_argument("--fasta", type=Path)
    arguments = parser.parse_args()
    return arguments.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
