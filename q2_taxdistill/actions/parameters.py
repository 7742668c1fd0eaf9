# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Inputs and parameters that several actions share, with descriptions and defaults, so that they cannot drift apart."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from q2_types.feature_data import BLAST6, FeatureData, Taxonomy
from q2_types.feature_table import FeatureTable, Frequency, RelativeFrequency
from qiime2.plugin import Choices, Float, Int, Range, Str

from ..types.contigs import CONTIGS

try:
    from qiime2.plugin import Threads, get_available_cores
except ImportError:
    try:
        from qiime2.plugin import Threads
        from qiime2.plugin.util import get_available_cores
    except ImportError:  # QIIME 2 before 2024.2
        Threads = Int % Range(0, None)

        def get_available_cores() -> int:
            """Count the cores of this machine."""
            return os.cpu_count() or 1


CONFIDENCE = Float % Range(0, 1, inclusive_end=True) | Str % Choices(["disable"])
DEFAULT_CONFIDENCE = 0.5
DEFAULT_MIN_LENGTH = 1000
DEFAULT_SEED = 1

SEQUENCES = "The contigs."
TAXONOMY = (
    "The labels to correct, by contig, as a search tool gave them: any depth, any rank system, contigs may be missing. "
    "Of MMseqs2's report the counts of fragments are heard too, which the import keeps."
)
TABLE = (
    "The depth of every contig in every sample (mean depth, or any abundance that is normalised by length). Contigs of "
    "one genome rise and fall together over samples, so a table of several samples helps much."
)
SOFT_TAXONOMY = "Soft labels: for every contig a probability for every taxon."

STUDY = {
    "sequences": CONTIGS,
    "taxonomy": FeatureData[Taxonomy],
    "table": FeatureTable[Frequency | RelativeFrequency],
    "hits": FeatureData[BLAST6],
    "hit_taxonomy": FeatureData[Taxonomy],
}
STUDY_DESCRIPTIONS = {
    "sequences": SEQUENCES,
    "taxonomy": TAXONOMY,
    "table": TABLE,
    "hits": "Alignments of the contigs to reference sequences, several a contig, with exact identities (as of blastx, "
    "diamond, or mmseqs with real alignments). They show which species the database lacks: without them many of their "
    "contigs keep a relative's name.",
    "hit_taxonomy": "The taxonomy of the reference sequences that the hits are to, by sequence. Without it, all hits "
    "of a contig count as hits to the taxon of its label.",
}

LEARNING = {
    "seed": Int % Range(0, 2**31),
    "min_length": Int % Range(1, None),
    "device": Str % Choices(["auto", "cpu", "cuda", "mps"]),
    "threads": Threads,
}
LEARNING_DESCRIPTIONS = {
    "seed": "Seed of all that is random. The same inputs, seed and number of threads give the same result.",
    "min_length": "Contigs with fewer bases than this (A, C, G and T; ambiguous ones do not count) have too noisy a "
    "composition to learn from or to judge; they keep the label that they came with.",
    "device": 'What to compute on; "auto" takes a GPU where there is one.',
    "threads": "How many CPU threads to use; 0 means all cores.",
}
CONFIDENCE_DESCRIPTION = (
    "Report the deepest taxon that a contig belongs to with at least this probability. The default reports what is "
    'more likely right than wrong; "disable" goes down as far as a named taxon is more likely than an unknown one.'
)


@contextmanager
def cpu_threads(threads: int) -> Iterator[None]:
    """Have PyTorch use this many threads, 0 for all cores, and set it back afterwards."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads or get_available_cores())
    try:
        yield
    finally:
        torch.set_num_threads(before)
