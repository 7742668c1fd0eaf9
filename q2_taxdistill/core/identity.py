# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""What the identities of a contig's alignments say: this species, another of its genus, or another genus.

The mean identity of the proteins of two genomes (AAI) is above about 95 % within a species and above about 65 % within
a genus (Konstantinidis & Tiedje 2005, doi 10.1128/JB.187.18.6258-6264.2005; Konstantinidis et al. 2017,
doi 10.1038/ismej.2017.113); that of their nucleotides (ANI) is above about 95 % within a species (Jain et al. 2018,
doi 10.1038/s41467-018-07641-9). Single proteins scatter widely around the mean of their genomes, so a contig is judged
by all its regions together, over all means that its genome may have.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.stats import beta, gamma

from .hits import Regions, levels
from .tree import TaxonTree

SPECIES, GENUS, FAMILY = 0, 1, 2
_SELF, _SISTER, _COUSIN, _STRANGER = 0, 1, 2, 3

# How a species' regions spread over best subjects of the species itself, its genus, its family, and any other, for a
# contig of the species, of another species of its genus, and of another genus of its family.
_RELATIONS = np.array([[0.90, 0.07, 0.015, 0.015], [0.60, 0.33, 0.04, 0.03], [0.35, 0.20, 0.30, 0.15]])
# How probable a species of each kind is beforehand, where its mean difference fits: genera that the database lacks are
# rarer than species that it lacks.
_LEVEL_PRIOR = np.array([1.0, 1.0, 0.3])
# Mean and concentration of the identities to subjects that are not of the species, for the same three.
_OTHER_IDENTITIES = ((0.85, 5.0), (0.75, 5.0), (0.55, 10.0))
# The least shape of the gamma distribution of 1 - identity around its mean, and the share of regions unlike the rest.
# Proteins of two genomes scatter with the mean where they are alike, but never by more than a standard deviation of
# about 15 %, however far apart the genomes are.
_GAMMA_SHAPE = 1.7
_MOST_DEVIATION = 0.15
_UNLIKE = 0.03
# Regions that are this long (in letters of the subject) weigh half as much as very long ones.
_HALF_WEIGHT = 150.0
# What the regions of a contig are most like is no independent testimony: neighbours have one history.
_RELATION_WEIGHT = 0.5
# How many contigs the even distribution of mean differences weighs as much as.
_PRIOR_CONTIGS = 30.0

_MEAN_DIFFERENCES = np.r_[
    [0.001, 0.003, 0.006, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.045, 0.05, 0.055, 0.06, 0.07, 0.08],
    [0.1, 0.12, 0.14, 0.17, 0.2, 0.23, 0.26, 0.29, 0.32, 0.35, 0.38, 0.41, 0.45, 0.5, 0.56, 0.62],
]
_IDENTITY_BINS = np.r_[0, np.linspace(0.3, 0.9, 25), np.linspace(0.91, 0.99, 17), 0.9925, 0.995, 0.9975, 1.0]


@dataclass(frozen=True)
class IdentityScale:
    """Where species and genera end, as mean differences (1 - identity) without the regions that are unlike the rest.

    Attributes
    ----------
    species, genus : float
        The difference at which a contig is as likely of the named species (genus) as of another.
    species_width, genus_width : float
        How soft these borders are.
    """

    species: float
    genus: float
    species_width: float = 0.004
    genus_width: float = 0.03


# Without the few regions unlike the rest, 3 % is an AAI of about 95.5 %, and 35 % one of about 64 %.
PROTEIN_SCALE = IdentityScale(species=0.03, genus=0.35)
NUCLEOTIDE_SCALE = IdentityScale(species=0.05, genus=0.24)
# How sure the literature's border between species is: the standard deviation of its logarithm.
_SPECIES_DOUBT = 0.2


@dataclass(frozen=True, eq=False)
class IdentityEvidence:
    """What the alignments say.

    Attributes
    ----------
    apparent : float32 csr_matrix, shape (n_contigs, n_nodes)
        The probability of every taxon by the alignments alone. Mass at the node above the species of a subject means
        another species of that genus. Rows without alignments are empty.
    scale : IdentityScale
        With the border of the species as the study shows it.
    mean_differences : dict of float to float
        How the contigs' mean differences are distributed.
    """

    apparent: sparse.csr_matrix
    scale: IdentityScale
    mean_differences: "dict[float, float]"


def identity_evidence(tree: TaxonTree, regions: Regions, n_contigs: int, n_rounds: int = 20) -> IdentityEvidence:
    """Judge contigs by the regions that align.

    The distribution of the contigs' mean differences is learned by EM, twice: once to find the border between species,
    the gap between what names a species and what is only near one, and once with that border.

    Parameters
    ----------
    tree : TaxonTree
        Has the taxa of all subjects.
    regions : Regions
    n_contigs : int
    n_rounds : int
        Of EM.
    """
    pairs = _candidates(tree, regions)
    scale = PROTEIN_SCALE if regions.translated else NUCLEOTIDE_SCALE
    _, spread = _judge(pairs, scale, n_rounds)
    scale = IdentityScale(_gap(spread, scale.species), scale.genus, scale.species_width, scale.genus_width)
    posterior, spread = _judge(pairs, scale, n_rounds)
    rows = np.repeat(pairs.contig, 3)
    apparent = sparse.coo_matrix((posterior.ravel(), (rows, pairs.nodes.ravel())), shape=(n_contigs, len(tree)))
    return IdentityEvidence(
        apparent.tocsr().astype(np.float32), scale, dict(zip(_MEAN_DIFFERENCES.tolist(), spread.tolist()))
    )


@dataclass(frozen=True, eq=False)
class _Candidates:
    """Pairs of a contig and a species that a region of it is most like.

    `contig` (n_pairs,); `nodes` (n_pairs, 3): the species, its genus, its family; `means` (n_pairs, n_means): the log
    likelihood of the species' own regions for every mean difference; `others` (n_pairs, 3): the rest of the log
    likelihood for a contig of the species, of another of its genus, of another genus.
    """

    contig: np.ndarray
    nodes: np.ndarray
    means: np.ndarray
    others: np.ndarray


def _candidates(tree: TaxonTree, regions: Regions) -> _Candidates:
    level = levels(tree)
    species = level[regions.taxon, SPECIES]
    weight = regions.share * regions.length / (regions.length + _HALF_WEIGHT)
    bins = np.clip(np.searchsorted(_IDENTITY_BINS, regions.identity, side="right") - 1, 0, len(_IDENTITY_BINS) - 2)

    keys = np.unique(regions.contig * len(tree) + species)
    contig, candidate = np.divmod(keys, len(tree))
    first = np.searchsorted(contig, regions.contig, side="left")
    count = np.searchsorted(contig, regions.contig, side="right") - first
    region = np.repeat(np.arange(len(species)), count)
    pair = np.arange(len(region)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)

    relation = _relations(level, candidate[pair], species[region])
    log_share = _RELATION_WEIGHT * np.log(_shares_of_subjects(tree, level, candidate)[:, pair, relation])
    own = relation == _SELF
    other_densities = np.log([_beta_bins(*parameters) for parameters in _OTHER_IDENTITIES])
    log_share[:, ~own] += other_densities[:, bins[region[~own]]]

    n_pairs, n_bins = len(keys), len(_IDENTITY_BINS) - 1
    others = np.stack([np.bincount(pair, weight[region] * row, minlength=n_pairs) for row in log_share], axis=1)
    own_bins = sparse.csr_matrix((weight[region[own]], (pair[own], bins[region[own]])), shape=(n_pairs, n_bins))
    return _Candidates(contig, level[candidate], own_bins @ np.log(_gamma_bins()).T, others)


def _relations(level: np.ndarray, candidate: np.ndarray, species: np.ndarray) -> np.ndarray:
    same_family = np.where(level[candidate, FAMILY] == level[species, FAMILY], _COUSIN, _STRANGER)
    same_genus = np.where(level[candidate, GENUS] == level[species, GENUS], _SISTER, same_family)
    return np.where(candidate == species, _SELF, same_genus)


def _shares_of_subjects(tree: TaxonTree, level: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    """Give the probability that a region is most like one given subject, by relation.

    Returns
    -------
    float64 array, shape (3, n_pairs, 4)
        For a contig of the candidate species, of another of its genus, of another genus. Relations that the tree does
        not have, such as sisters of the only species of a genus, leave their probability to the others.
    """
    leaves_before = np.concatenate([[0], np.cumsum(tree.is_leaf)])
    under = leaves_before[tree.ends] - leaves_before[np.arange(len(tree))]
    genus, family = under[level[candidate, GENUS]], under[level[candidate, FAMILY]]
    counts = np.stack([np.ones_like(genus), genus - 1, family - genus, under[0] - family], axis=1)
    shares = _RELATIONS[:, np.newaxis, :] * (counts > 0)
    return shares / shares.sum(axis=2, keepdims=True) / np.maximum(counts, 1) + 1e-12


def _beta_bins(mean: float, concentration: float) -> np.ndarray:
    return np.maximum(np.diff(beta.cdf(_IDENTITY_BINS, mean * concentration, (1 - mean) * concentration)), 1e-4)


def _gamma_bins() -> np.ndarray:
    """Give the probability of every identity bin under every mean difference; shape (n_means, n_bins)."""
    differences = 1 - _IDENTITY_BINS[::-1]
    tables = []
    for mean in _MEAN_DIFFERENCES:
        shape = max(_GAMMA_SHAPE, (mean / _MOST_DEVIATION) ** 2)
        alike = np.diff(gamma.cdf(differences, shape, scale=mean / shape))
        unlike = np.diff(np.minimum(differences, 0.7) / 0.7)
        tables.append(((1 - _UNLIKE) * alike / alike.sum() + _UNLIKE * unlike)[::-1])
    return np.maximum(tables, 1e-9)


def _judge(pairs: _Candidates, scale: IdentityScale, n_rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior of every pair (n_pairs, 3), and the distribution of mean differences (n_means,)."""
    in_species = _below(scale.species, scale.species_width)
    in_genus = _below(scale.genus, scale.genus_width)
    of_level = np.stack([in_species, (1 - in_species) * in_genus, (1 - in_species) * (1 - in_genus)])
    of_level = of_level * _LEVEL_PRIOR[:, np.newaxis]
    best = pairs.means.max(axis=1, keepdims=True)
    likelihood = np.exp(pairs.means - best)
    contigs, of_contig = np.unique(pairs.contig, return_inverse=True)

    even = np.full(len(_MEAN_DIFFERENCES), 1 / len(_MEAN_DIFFERENCES))
    spread = even
    for _ in range(n_rounds):
        joint = of_level * spread
        by_level = likelihood @ joint.T
        logs = np.log(np.maximum(by_level, 1e-300)) + best + pairs.others
        highest = np.full(len(contigs), -np.inf)
        np.maximum.at(highest, of_contig, logs.max(axis=1))
        posterior = np.exp(logs - highest[of_contig, None])
        posterior /= np.bincount(of_contig, posterior.sum(axis=1))[of_contig, None]
        expected = likelihood * ((posterior / np.maximum(by_level, 1e-300)) @ joint)
        spread = expected.sum(axis=0) + _PRIOR_CONTIGS * even
        spread = spread / spread.sum()
    return posterior, spread


def _below(border: float, width: float) -> np.ndarray:
    return 1 / (1 + np.exp((_MEAN_DIFFERENCES - border) / width))


def _gap(spread: np.ndarray, border: float) -> float:
    """Find the mean difference that is least frequent and close to the literature's border between species."""
    density = np.convolve(spread / np.gradient(_MEAN_DIFFERENCES), [0.25, 0.5, 0.25], mode="same")
    distance = np.log(_MEAN_DIFFERENCES / border) / _SPECIES_DOUBT
    return float(_MEAN_DIFFERENCES[np.argmin(np.log(density) + distance**2 / 2)])
