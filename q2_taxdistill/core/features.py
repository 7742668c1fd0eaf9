# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The features that teacher and student see, scaled as they were in the study that they learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from .abundance import abundance_features
from .composition import N_CANONICAL, composition_features


class SampleMismatchError(ValueError):
    """A table does not have the samples that a classifier was trained with."""


@dataclass(frozen=True, eq=False)
class FeatureScaling:
    """How counts and depths become features of mean 0 and variance 1 over the contigs of a study.

    Attributes
    ----------
    samples : tuple of str
        The samples whose depths are features; empty where a study came without depths.
    sample_means : float64 array, shape (n_samples,)
        The mean depth of each sample.
    centre, spread : float32 arrays, shape (n_features,)
        The mean and the standard deviation of every raw feature.
    """

    samples: tuple[str, ...]
    sample_means: np.ndarray
    centre: np.ndarray
    spread: np.ndarray

    @classmethod
    def fit(cls, counts: np.ndarray, depths: Optional[np.ndarray], samples: Sequence[str]) -> "FeatureScaling":
        """Learn the scaling from the contigs of a study.

        Parameters
        ----------
        counts : int array, shape (n_contigs, 136)
            Canonical 4-mer counts.
        depths : float array, shape (n_contigs, n_samples), or None
            Checked by `abundance.check_depths`.
        samples : sequence of str
        """
        means = np.ones(0) if depths is None else depths.mean(axis=0)
        # in a sample where none of these contigs is, but others are, depths stay as they are
        means[means == 0] = 1
        raw = _raw_features(counts, depths, means)
        has_kmers = counts.any(axis=1)
        parts = (raw[has_kmers] if has_kmers.any() else raw)[:, :N_CANONICAL], raw[:, N_CANONICAL:]
        centre = np.concatenate([part.mean(axis=0, dtype=np.float64) for part in parts])
        spread = np.concatenate([part.std(axis=0, dtype=np.float64) for part in parts])
        # A feature that does not vary says nothing: it becomes 0 for every contig.
        spread[spread < 1e-6] = 1
        names = tuple(samples) if depths is not None else ()
        return cls(names, means, centre.astype(np.float32), spread.astype(np.float32))

    @property
    def n_features(self) -> int:
        """How many features a contig has."""
        return len(self.centre)

    def transform(self, counts: np.ndarray, depths: Optional[np.ndarray]) -> np.ndarray:
        """Make the features of contigs; float32, shape (n_contigs, n_features).

        `depths` has the columns `samples`, in their order (see `require_samples`); None where there are none. A contig
        without any 4-mer has the mean composition, 0.
        """
        features = (_raw_features(counts, depths, self.sample_means) - self.centre) / self.spread
        features[~counts.any(axis=1), :N_CANONICAL] = 0
        return features

    def require_samples(self, samples: Optional[Sequence[str]]) -> None:
        """Check that a table, or its absence, fits; the order of the samples does not matter.

        Raises
        ------
        SampleMismatchError
            The message names what is missing and what was not expected.
        """
        if samples is None and self.samples:
            raise SampleMismatchError(
                f"The classifier was trained with the depths of {len(self.samples)} samples "
                f"({_first_five(self.samples)}), and no table was given. Give the table of these samples, or train a "
                f"classifier without a table."
            )
        if samples is not None and not self.samples:
            raise SampleMismatchError(
                "The classifier was trained without depths, and a table was given. Leave the table out, or train a "
                "classifier with it."
            )
        missing = [sample for sample in self.samples if sample not in set(samples or ())]
        unexpected = [sample for sample in samples or () if sample not in set(self.samples)]
        if missing or unexpected:
            raise SampleMismatchError(
                f"The classifier was trained with other samples than the table has. Missing from the table: "
                f"{_first_five(missing) or 'none'}. Not known to the classifier: {_first_five(unexpected) or 'none'}. "
                f"Give a table of the samples that the classifier was trained with: {_first_five(self.samples)}."
            )


def _raw_features(counts: np.ndarray, depths: Optional[np.ndarray], sample_means: np.ndarray) -> np.ndarray:
    composition = composition_features(counts)
    if depths is None:
        return composition
    return np.hstack([composition, abundance_features(depths, sample_means)])


def _first_five(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
