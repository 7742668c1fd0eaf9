# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Genomes of invented taxa: lineages, sequence composition, contigs and depths. No QIIME 2."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

_ORDER = 4
_N_CONTEXTS = 4**_ORDER
_BASES = np.frombuffer(b"ACGT", dtype=np.uint8)
# Standard deviations of the log-odds of a base after its context, by the level that they are drawn for. Sister species
# differ least; the term per contig stands for regions of unlike composition, as transferred genes are. With these,
# linear discriminant analysis of 4-mer profiles tells sister species apart as well as those of real isolates.
_VARIATION = {"family": 0.30, "genus": 0.22, "species": 0.10, "contig": 0.20}
_GC_RANGE = (0.30, 0.70)

_MEDIAN_LENGTH, _LENGTH_SPREAD, _LENGTH_RANGE = 3500, 0.8, (1000, 30000)
_ABSENCE = 0.3
_READ_LENGTH = 150

_STEM_STARTS = ("Ar", "Bel", "Cal", "Dor", "Est", "Fen", "Gal", "Hel", "Ir", "Lor", "Mar", "Ner", "Or", "Pel", "Tar")
_STEM_ENDS = ("vi", "do", "mi", "so", "ti", "lu", "ra", "ne", "co", "pha")
_GENUS_ENDINGS = ("bacter", "monas", "coccus", "vibrio", "bacillus", "spira")
_EPITHETS = (
    "alba", "borealis", "communis", "densa", "elegans", "fontis", "gracilis", "hiemalis", "insolita", "lacustris",
    "marina", "nitida", "obscura", "pallida", "rara", "silvatica", "tenuis", "ultima", "vernalis", "xerica",
)  # fmt: skip


@dataclass(frozen=True)
class Taxa:
    """The species of a community.

    Attributes
    ----------
    lineages : list of tuple of str
        The lineage of every species, seven names from the domain down. The last genus has a placeholder name that its
        family has too, as in GTDB.
    genera, families : int64 arrays, shape (n_species,)
        The number of the genus and of the family of every species.
    """

    lineages: list[tuple[str, ...]]
    genera: np.ndarray
    families: np.ndarray

    def __len__(self) -> int:
        return len(self.lineages)


def draw_taxa(rng: np.random.Generator, n_genera: int) -> Taxa:
    """Name `n_genera` genera of two to four sister species; two genera make a family and two families a phylum.

    Raises
    ------
    ValueError
        If `n_genera` is below one or there are not names enough.
    """
    n_families = (n_genera + 1) // 2
    stems = [start + end for start in _STEM_STARTS for end in _STEM_ENDS]
    most = len(stems) * 2 // 3 - 1
    if not 1 <= n_genera <= most:
        raise ValueError(f"n_genera is {n_genera}; expected 1 to {most}.")
    drawn = [str(stem) for stem in rng.permutation(stems)[: n_genera + n_families]]
    genus_names = [stem + str(rng.choice(_GENUS_ENDINGS)) for stem in drawn[:n_genera]]
    family_stems = drawn[n_genera:]
    family_names = [stem + "aceae" for stem in family_stems]
    genus_names[-1] = family_names[-1] = f"{family_stems[-1][:3].upper()}A{rng.integers(10, 100)}"
    sizes = rng.permutation([2 + genus % 3 for genus in range(n_genera)])
    lineages = []
    for genus, size in enumerate(sizes):
        family = genus // 2
        phylum_stem, order_stem = family_stems[family // 2 * 2], family_stems[family]
        above = ("d__Bacteria", f"p__{phylum_stem}ota", f"c__{phylum_stem}ia", f"o__{order_stem}ales")
        above += (f"f__{family_names[family]}", f"g__{genus_names[genus]}")
        epithets = rng.permutation(_EPITHETS)[:size]
        lineages += [(*above, f"s__{genus_names[genus]} {epithet}") for epithet in epithets]
    genera = np.repeat(np.arange(n_genera), sizes)
    return Taxa(lineages, genera, genera // 2)


@dataclass(frozen=True)
class Contigs:
    """Contigs cut from genomes.

    Attributes
    ----------
    identifiers : list of str
    codes : list of uint8 arrays
        The bases of every contig as 0-3 for A, C, G, T.
    species : int64 array, shape (n_contigs,)
        The species that every contig comes from.
    """

    identifiers: list[str]
    codes: list[np.ndarray]
    species: np.ndarray

    @cached_property
    def lengths(self) -> np.ndarray:
        """The length of every contig in bases; int64, shape (n_contigs,)."""
        return np.array([len(codes) for codes in self.codes], dtype=np.int64)

    @cached_property
    def sequences(self) -> list[str]:
        """Every contig as text."""
        return [_BASES[codes].tobytes().decode() for codes in self.codes]


def draw_contigs(rng: np.random.Generator, taxa: Taxa, n_contigs: int) -> Contigs:
    """Cut contigs of log-normal lengths (1-30 kb) from both strands of one genome per species.

    A genome is a Markov chain of order four over the bases. The chains of a family, of its genera and of their species
    differ by less and less, so that sister species are alike in composition but not the same.
    """
    fewest = 3
    if n_contigs < fewest * len(taxa):
        raise ValueError(f"{len(taxa)} species need at least {fewest * len(taxa)} contigs; n_contigs is {n_contigs}.")
    shares = rng.dirichlet(np.full(len(taxa), 2.0))
    counts = fewest + rng.multinomial(n_contigs - fewest * len(taxa), shares)
    species = rng.permutation(np.repeat(np.arange(len(taxa)), counts))
    lengths = np.exp(rng.normal(np.log(_MEDIAN_LENGTH), _LENGTH_SPREAD, n_contigs)).astype(np.int64)
    lengths = lengths.clip(*_LENGTH_RANGE)
    codes = _run_chains(rng, _transition_log_odds(rng, taxa), species, lengths)
    reverse = rng.random(n_contigs) < 0.5
    codes = [3 - sequence[::-1] if flip else sequence for sequence, flip in zip(codes, reverse)]
    return Contigs([f"contig_{number}" for number in range(1, n_contigs + 1)], codes, species)


def _transition_log_odds(rng: np.random.Generator, taxa: Taxa) -> np.ndarray:
    """Draw the log-odds of every base after every context; shape (n_species, contexts, 4)."""
    shape = (_N_CONTEXTS, 4)
    of_family = rng.normal(0, _VARIATION["family"], (taxa.families.max() + 1, *shape))
    of_genus = rng.normal(0, _VARIATION["genus"], (taxa.genera.max() + 1, *shape))
    of_species = rng.normal(0, _VARIATION["species"], (len(taxa), *shape))
    gc_of_genus = rng.uniform(*_GC_RANGE, size=taxa.genera.max() + 1)
    gc = gc_of_genus[taxa.genera] + rng.normal(0, 0.008, len(taxa))
    log_odds = of_family[taxa.families] + of_genus[taxa.genera] + of_species
    log_odds += np.log(np.stack([1 - gc, gc, gc, 1 - gc], axis=1))[:, np.newaxis]
    return log_odds


def _run_chains(
    rng: np.random.Generator, log_odds: np.ndarray, species: np.ndarray, lengths: np.ndarray
) -> list[np.ndarray]:
    """Draw all contigs at once, base by base; those that have reached their length drop out."""
    by_length = np.argsort(-lengths, kind="stable")
    odds = np.exp(log_odds[species[by_length]] + rng.normal(0, _VARIATION["contig"], (len(species), _N_CONTEXTS, 4)))
    cumulative = np.cumsum(odds, axis=2)
    cumulative = (cumulative[..., :3] / cumulative[..., 3:]).astype(np.float32)
    bases = np.zeros((lengths.max(), len(species)), dtype=np.uint8)
    contexts = rng.integers(0, _N_CONTEXTS, len(species))
    still_growing = len(lengths) - np.searchsorted(np.sort(lengths), np.arange(lengths.max()), side="right")
    for position, n_active in enumerate(still_growing):
        limits = cumulative[np.arange(n_active), contexts[:n_active]]
        drawn = (rng.random(n_active, dtype=np.float32)[:, np.newaxis] > limits).sum(axis=1)
        bases[position, :n_active] = drawn
        contexts[:n_active] = (contexts[:n_active] * 4 + drawn) % _N_CONTEXTS
    column = np.argsort(by_length)
    return [bases[:length, column[contig]].copy() for contig, length in enumerate(lengths)]


def draw_depths(rng: np.random.Generator, contigs: Contigs, n_species: int, n_samples: int) -> pd.DataFrame:
    """Draw the mean depth of every contig in every sample.

    A genome's depth is log-normal per sample, and zero in about a third of the samples but never in all of them. The
    reads on a contig are Poisson around depth x length / read length.

    Returns
    -------
    pandas.DataFrame, shape (n_contigs, n_samples)
        Reads x read length / contig length; float64, >= 0, four decimals. Samples are called S1, S2 ...
    """
    typical = rng.normal(np.log(8), 1.0, (n_species, 1))
    genome_depths = np.exp(typical + rng.normal(0, 0.8, (n_species, n_samples)))
    absent = rng.random((n_species, n_samples)) < _ABSENCE
    if n_samples:
        absent[np.arange(n_species), rng.integers(0, n_samples, n_species)] = False
    genome_depths[absent] = 0
    expected_reads = genome_depths[contigs.species] * contigs.lengths[:, np.newaxis] / _READ_LENGTH
    depths = rng.poisson(expected_reads) * _READ_LENGTH / contigs.lengths[:, np.newaxis]
    samples = [f"S{sample}" for sample in range(1, n_samples + 1)]
    return pd.DataFrame(depths.round(4), index=pd.Index(contigs.identifiers, name="contigname"), columns=samples)
