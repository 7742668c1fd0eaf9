# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""A study for teacher and heads."""

from dataclasses import dataclass

import numpy as np
import pytest

from q2_taxdistill.core.cross_fitting import HeadInput
from q2_taxdistill.core.evidence import Evidence, label_evidence
from q2_taxdistill.core.tree import TaxonTree

N_CONTIGS = 240


@dataclass(frozen=True)
class NoisyStudy:
    """Contigs of six species whose clusters of features overlap a little, with labels of which a third is not right."""

    tree: TaxonTree
    true: np.ndarray
    features: np.ndarray
    labels: "list[tuple[str, ...]]"

    @property
    def evidence(self) -> Evidence:
        return label_evidence(self.tree, self.labels)

    @property
    def given(self) -> HeadInput:
        return self.labelled(self.labels)

    def labelled(self, labels) -> HeadInput:
        return HeadInput(self.features, label_evidence(self.tree, labels))

    def with_label(self, contig, label) -> HeadInput:
        """Give one contig another label."""
        changed = list(self.labels)
        changed[contig] = label
        return self.labelled(changed)


@pytest.fixture(scope="session")
def noisy():
    """A sixth of the labels names a sister species, a sixth stops at the genus, and a tenth is missing."""
    tree = TaxonTree.from_lineages([(f"g{genus}", f"s{genus}{species}") for genus in range(2) for species in range(3)])
    true = np.random.default_rng(1).choice(np.flatnonzero(tree.is_leaf), N_CONTIGS)
    means = np.random.default_rng(2).normal(size=(20, 8)) * 1.4
    features = (means[true] + np.random.default_rng(3).normal(size=(N_CONTIGS, 8))).astype(np.float32)
    rng = np.random.default_rng(4)
    labels = []
    for node in true:
        genus, species = tree.lineages[node]
        sister = f"s{genus[1]}{(int(species[2]) + 1) % 3}"
        fate = rng.random()
        labels.append((genus, sister) if fate < 1 / 6 else (genus,) if fate < 1 / 3 else (genus, species))
        if fate > 0.9:
            labels[-1] = ()
    return NoisyStudy(tree, true, features, labels)
