# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The methods that are compared."""

from collections.abc import Sequence

from .method import Method
from .our_methods import Evidence, HitVote, NoBins, PaperLoss, Refine, SoftLabelsAlone, StudentAlone, TeacherAlone
from .peers import InputLabels, MMseqs2, Taxometer


def all_methods() -> list[Method]:
    """List all methods; those that others build on come first."""
    with_hits, without_hits = Evidence(), Evidence(hits=False)
    inputs = [with_hits, without_hits, Evidence(table=False), Evidence(hits=False, table=False)]
    inputs += [Evidence(hits=False, fragments=False)]
    inputs += [Evidence(language_model=True), Evidence(hits=False, language_model=True)]
    parts = (SoftLabelsAlone, StudentAlone, PaperLoss, TeacherAlone, NoBins)
    return [
        InputLabels(),
        MMseqs2(),
        HitVote(),
        Taxometer(),
        *(Refine(evidence) for evidence in inputs),
        *(part(evidence) for evidence in (with_hits, without_hits) for part in parts),
    ]


def with_what_they_build_on(names: Sequence[str]) -> list[Method]:
    """Choose methods by name, and add those that they build on; in the order of `all_methods`.

    Raises
    ------
    ValueError
        If there is no method of a name.
    """
    known = {method.name: method for method in all_methods()}
    wanted = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name not in known:
            raise ValueError(f"There is no method {name!r}; expected some of {', '.join(known)}.")
        wanted.add(name)
        queue += known[name].builds_on
    return [method for name, method in known.items() if name in wanted]
