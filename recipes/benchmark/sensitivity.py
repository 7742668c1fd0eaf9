# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""How much the fixed settings of the method matter: each is changed by itself, and the soft labels are scored.

``python -m recipes.benchmark.sensitivity DIRECTORY ... --generate SEED ... --output-dir DIRECTORY``
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

from q2_taxdistill.actions.labelled_study import LabelledStudy
from q2_taxdistill.actions.parameters import DEFAULT_CONFIDENCE, cpu_threads
from q2_taxdistill.actions.threshold import taxonomy_at
from q2_taxdistill.core import (
    bin_counts,
    bin_opinion,
    bins,
    discriminant,
    evidence,
    group_novelty,
    identity,
    mixed_bins,
    namesakes,
    novelty,
    trust,
)
from q2_taxdistill.core.namesakes import BinKind
from q2_taxdistill.core.noise import ErrorRates
from q2_taxdistill.core.soft_labels import SoftLabels
from q2_taxdistill.interop import rank_probabilities

from .arguments import add_communities, communities_of
from .communities import Community, CommunityError, scored_contigs
from .predictions import Prediction
from .scoring import judge, scores
from .teacher_part import read_study, teach_study

_MEASURES = {"species F1": ("species", "f1"), "species ECE": ("species", "ece"), "genus F1": ("genus", "f1")}
_KINDS = ("table", "hits", "hit-taxonomy")
_USUAL = "as it is"


@dataclass(frozen=True)
class Change:
    """Another value of a setting.

    Attributes
    ----------
    setting : str
        In words, with the usual value.
    value : str
        The other value, in words.
    module : module
    name : str
        What the setting is called there.
    other : object
        The other value.
    of : tuple of str
        With which inputs the setting matters, of "hits" and "labels".
    """

    setting: str
    value: str
    module: Any
    name: str
    other: Any
    of: tuple[str, ...] = ("hits", "labels")

    @contextmanager
    def made(self) -> Iterator[None]:
        """Make the change for a while."""
        with mock.patch.object(self.module, self.name, self.other):
            yield


_BOTH, _HITS, _LABELS = ("hits", "labels"), ("hits",), ("labels",)


def _numbers(setting: str, of: tuple[str, ...], module: Any, name: str, *others: float) -> list[Change]:
    usual = getattr(module, name)
    return [Change(f"{setting} ({usual:.3g})", f"{other:.3g}", module, name, other, of) for other in others]


def _rates(setting: str, of: tuple[str, ...], name: str) -> list[Change]:
    """Halve and double all errors of a prior."""
    usual = getattr(evidence, name)
    found = []
    for factor in (0.5, 2.0):
        errors = {kind: rate * factor for kind, rate in usual.as_dict().items() if kind != "exact"}
        other = ErrorRates(exact=1 - sum(errors.values()), **errors)
        found.append(Change(setting, f"x {factor:g}", evidence, name, other, of))
    return found


def _stopping(setting: str) -> list[Change]:
    """Change how often labels of unknown taxa stop where they should, and go too deep instead."""
    usual = evidence.UNKNOWN_LABEL_ERROR_RATES
    found = []
    for more in (-0.15, 0.15):
        other = replace(usual, exact=usual.exact + more, too_deep=usual.too_deep - more)
        values = f"{setting} ({usual.exact:g})", f"{other.exact:.2g}"
        found.append(Change(*values, evidence, "UNKNOWN_LABEL_ERROR_RATES", other, _LABELS))
    return found


def _fields(setting: str, of: tuple[str, ...], module: Any, name: str, field: str, *others: float) -> list[Change]:
    """Change a field of a setting that has several."""
    usual = getattr(module, name)
    setting = f"{setting} ({getattr(usual, field):g})"
    return [Change(setting, f"{other:g}", module, name, replace(usual, **{field: other}), of) for other in others]


def _prior_of_genera(setting: str, *others: float) -> list[Change]:
    usual = identity._LEVEL_PRIOR
    name = f"{setting} ({usual[-1]:g})"
    return [Change(name, f"{other:g}", identity, "_LEVEL_PRIOR", np.r_[usual[:-1], other], _HITS) for other in others]


def _shares_apart(setting: str, *others: float) -> list[Change]:
    usual = novelty._UNKNOWN_SHARES
    name = f"{setting} ({', '.join(f'{share:g}' for share in usual[BinKind.APART])})"
    return [
        Change(name, f"{other:g}", novelty, "_UNKNOWN_SHARES", (*usual[:-1], np.array([other])), _LABELS)
        for other in others
    ]


def changes() -> list[Change]:
    """List what is changed."""
    overlap = _LABELS, bin_opinion, "_OVERLAP_OF_LABELS"
    return [
        *_rates("errors of labels, prior", _LABELS, "LABEL_ERROR_RATES"),
        *_stopping("labels of unknown taxa that stop there, prior"),
        *_rates("errors of alignments, prior", _HITS, "HIT_ERROR_RATES"),
        *_fields("border of species by proteins, prior", _HITS, identity, "PROTEIN_SCALE", "species", 0.02, 0.045),
        *_fields("border of genera by proteins", _HITS, identity, "PROTEIN_SCALE", "genus", 0.32, 0.38),
        *_prior_of_genera("prior of another genus", 0.1, 1.0),
        *_numbers("weight of relations", _HITS, identity, "_RELATION_WEIGHT", 0.25, 1.0),
        *_numbers("shape of identities", _HITS, identity, "_GAMMA_SHAPE", 1.2, 2.4),
        *_numbers("most deviation of identities", _HITS, identity, "_MOST_DEVIATION", 0.12, 0.2),
        *_numbers("contigs of a Gaussian", _BOTH, discriminant, "_CONTIGS_PER_GAUSSIAN", 20, 80),
        *_numbers("temperature of the discriminant", _BOTH, discriminant, "_TEMPERATURE", 1.0, 2.25),
        *_numbers("room within a group", _BOTH, trust, "_ROOM_WITHIN", 0.25, 1.0),
        *_numbers("room between groups", _BOTH, trust, "_ROOM_BETWEEN", 0.3, 3.0),
        *_numbers("weight of bins", _BOTH, bin_opinion, "_WEIGHT", 1 / 2, 5 / 6),
        *_numbers("contigs of a bin", _BOTH, bins, "_CONTIGS_PER_BIN", 8, 30),
        *_numbers("directions that tell taxa apart", _BOTH, bins, "_MOST_DIRECTIONS", 3, 10),
        *_numbers("contigs of half the weight of a bin", _BOTH, bin_opinion, "_CONTIGS_OF_HALF_WEIGHT", 2, 15),
        *_fields("share of look-alikes among unknown taxa", *overlap, "lookalikes", 0.1, 0.4),
        *_fields("share of known taxa whose labels stop as those of unknown ones", *overlap, "crowded", 0.02, 0.12),
        *_shares_apart("share of unknown taxa among bins that differ as taxa do", 0.7, 0.99),
        *_numbers("difference of abundances", _BOTH, namesakes, "_STANDARD_DEVIATIONS", 2.0, 5.0),
        *_numbers("share of pairs of names that are alike", _BOTH, namesakes, "_NEAREST_SHARE", 0.05, 0.25),
        *_numbers("known bins' difference from unknown ones", _BOTH, bin_counts, "_LEAST_DIFFERENCE", 0.05, 0.2),
        *_numbers("rareness of known bins in doubt", _BOTH, bin_counts, "_MOST_RATIO", 1.0, 4.0),
        *_numbers(
            "likeness of genomes in fragments without a taxon", _LABELS, bin_counts, "_UNASSIGNED_SHAPE", 1.5, 6.0
        ),
        *_numbers("share of bins of several genomes", _LABELS, bin_counts, "_BINS_OF_SEVERAL", 0.005, 0.08),
        *_numbers("share of bins of two genomes, prior", _HITS, mixed_bins, "_MIXED_SHARE", 0.01, 0.1),
        *_numbers("scatter of contigs of a relative", _HITS, mixed_bins, "_DEVIATION", 2.0, 3.2),
        *_numbers("likeness of bins in what alignments show", _HITS, mixed_bins, "_CONCENTRATION", 15.0, 60.0),
        *_numbers("contigs of a bin that tells how groups look", _LABELS, group_novelty, "_MIN_CONTIGS", 8, 30),
        *_numbers("rareness of agreement in unknown groups", _LABELS, group_novelty, "_LEAST_RARITY", 0.5, 2.0),
        *_numbers("fragments found in related species", _LABELS, group_novelty, "_RELATED_RATIO", 0.7, 0.95),
        *_numbers("likeness of unknown groups in fragments found", _LABELS, group_novelty, "_UNKNOWN_SHAPE", 1.5, 6.0),
    ]


def measure(study: LabelledStudy, truth: pd.DataFrame, seed: int) -> dict[str, float]:
    """Teach, and score the soft labels at the default confidence."""
    # a copy, since a study keeps what it was judged to say, with other settings
    teaching = teach_study(replace(study), seed)
    soft = SoftLabels(teaching.evidence.tree, study.contigs.ids, teaching.soft)
    prediction = Prediction(taxonomy_at(soft, DEFAULT_CONFIDENCE), rank_probabilities.tabulate(soft))
    table = scores(judge(truth, prediction)).set_index("rank")
    return {measure: float(table.loc[rank, column]) for measure, (rank, column) in _MEASURES.items()}


def _studies(community: Community) -> Iterator[tuple[str, LabelledStudy]]:
    """Read a community with its hits, if it has any, and without."""
    with_hits = [kind for kind in _KINDS if kind in community.kinds]
    studies = {"hits": with_hits} if "hits" in with_hits else {}
    studies["labels"] = [kind for kind in with_hits if kind == "table"]
    for inputs, kinds in studies.items():
        given = {kind.replace("-", "_"): str(community.artifact(kind)) for kind in kinds}
        yield inputs, read_study(str(community.artifact("contigs")), str(community.artifact("labels")), **given)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m recipes.benchmark.sensitivity",
        description="Change the fixed settings of the method one by one, and score the soft labels.",
    )
    add_communities(parser)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2], help="default: 1 2")
    arguments = parser.parse_args()
    try:
        out = arguments.output_dir.resolve()
        communities = communities_of(arguments, out)
        truths = {community.name: scored_contigs(community, arguments.min_length) for community in communities}
    except (CommunityError, ValueError) as error:
        parser.error(str(error))
    rows = []
    with cpu_threads(1):
        for community in communities:
            for inputs, study in _studies(community):
                for seed in arguments.seeds:
                    rows += _measure_all(community.name, inputs, study, truths[community.name], seed)
                    pd.DataFrame(rows).to_csv(out / "sensitivity.tsv", sep="\t", index=False)
    (out / "sensitivity.md").write_text(to_markdown(pd.DataFrame(rows)))
    print(f"The results are in {out}: sensitivity.tsv, sensitivity.md.")
    return 0


def _measure_all(
    name: str, inputs: str, study: LabelledStudy, truth: pd.DataFrame, seed: int
) -> Iterator[dict[str, Any]]:
    """Measure a study as it is and with every change; yield rows of the table."""
    where = {"community": name, "inputs": inputs, "seed": seed}
    yield {**where, "setting": _USUAL, "value": "", **measure(study, truth, seed)}
    for change in changes():
        if inputs in change.of:
            print(f"{name}, {inputs}, seed {seed}: {change.setting}, {change.value}", flush=True)
            with change.made():
                found = measure(study, truth, seed)
            yield {**where, "setting": change.setting, "value": change.value, **found}


def to_markdown(rows: pd.DataFrame) -> str:
    """Write what each change does, on average over seeds: F1 in hundredths, and the calibration error."""
    means = rows.groupby(["inputs", "setting", "value", "community"], sort=False)[list(_MEASURES)].mean()
    parts = []
    for inputs in rows["inputs"].unique():
        of_inputs = means.loc[inputs]
        usual = of_inputs.loc[_USUAL, ""]
        heads = [f"{name}: species F1, ECE, genus F1" for name in usual.index]
        lines = [f"| with {inputs} | | " + " | ".join(heads) + " |", "|" + "---|" * (2 + len(heads))]
        for setting, value in dict.fromkeys(of_inputs.index.droplevel("community")):
            found = of_inputs.loc[setting, value]
            cells = [_cell(found.loc[name], usual.loc[name], setting == _USUAL) for name in usual.index]
            lines.append(f"| {setting} | {value} | " + " | ".join(cells) + " |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _cell(found: pd.Series, usual: pd.Series, absolute: bool) -> str:
    species, error, genus = _MEASURES
    if absolute:
        return f"{found[species]:.4f}, {found[error]:.3f}, {found[genus]:.4f}"
    change = found - usual
    return f"{100 * change[species]:+.2f}, {change[error]:+.3f}, {100 * change[genus]:+.2f}"


if __name__ == "__main__":
    sys.exit(main())
