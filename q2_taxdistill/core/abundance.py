# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Abundance of contigs: how deep they are covered in each sample."""

from collections.abc import Sequence

import numpy as np

# Depths below this share of the mean depth are hardly told from absence.
_DETECTABLE = 0.01


class DepthError(ValueError):
    """A table of depths has a value or a sample that cannot be used."""


def check_depths(depths: np.ndarray, contigs: Sequence[str], samples: Sequence[str]) -> None:
    """Check that depths are finite and not negative.

    Parameters
    ----------
    depths : float array, shape (n_contigs, n_samples)
    contigs, samples : sequences of str
        Their names, for the message.

    Raises
    ------
    DepthError
        The message names the contig, the sample and what was found.
    """
    unusable = ~np.isfinite(depths) | (depths < 0)
    if unusable.any():
        contig, sample = np.argwhere(unusable)[0]
        raise DepthError(
            f"The table has the depth {depths[contig, sample]} for contig {contigs[contig]!r} in sample "
            f"{samples[sample]!r} ({int(unusable.sum())} such values in all). Depths are finite and not negative: "
            f"write 0 where a contig was not found."
        )


def require_no_empty_sample(depths: np.ndarray, samples: Sequence[str]) -> None:
    """Check that every sample of a study to learn from has one of its contigs.

    Parameters
    ----------
    depths : float array, shape (n_contigs, n_samples)
    samples : sequence of str
        Their names, for the message.

    Raises
    ------
    DepthError
        The message names the samples that are empty.
    """
    empty = np.flatnonzero(depths.sum(axis=0) == 0)
    if len(empty):
        names = ", ".join(repr(samples[sample]) for sample in empty[:5])
        raise DepthError(
            f"{len(empty)} of {len(samples)} samples of the table have depth 0 for every contig (first: {names}). "
            f"Remove them from the table: an empty sample tells nothing, and is mostly a mapping that failed."
        )


def n_abundance_features(n_samples: int) -> int:
    """Tell how many features the depths in `n_samples` samples become."""
    return n_samples + 1 if n_samples > 1 else n_samples


def abundance_features(depths: np.ndarray, sample_means: np.ndarray) -> np.ndarray:
    """Turn depths into features: the log of the total depth and, with several samples, the profile over them.

    The profile is the share of each sample in the contig's total depth, after the samples were scaled to one mean
    depth, so that a sample that was sequenced more does not count more.

    Parameters
    ----------
    depths : float array, shape (n_contigs, n_samples)
        Finite and not negative, in any unit.
    sample_means : float array, shape (n_samples,)
        The mean depth of each sample in the study that a model learns from, positive.

    Returns
    -------
    float32 array, shape (n_contigs, 1) for one sample, else (n_contigs, 1 + n_samples)
    """
    scaled = depths / sample_means
    total = scaled.sum(axis=1, keepdims=True)
    n_samples = depths.shape[1]
    features = [np.log(total / n_samples + _DETECTABLE)]
    if n_samples > 1:
        features.append((scaled + _DETECTABLE / n_samples) / (total + _DETECTABLE))
    return np.hstack(features).astype(np.float32)
