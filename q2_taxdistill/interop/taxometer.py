# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The tables of contig labels of vamb: what its Taxometer writes, and what its Taxometer and TaxVamb read.

The header is ``contigs<TAB>predictions<TAB>scores`` for a refined taxonomy and ``contigs<TAB>predictions`` for one that
is not. A prediction is a lineage of up to seven names separated by semicolons, from domain to species, with as many
scores in 0-1; both are empty for a contig without a label. vamb knows taxa by their bare names, so that a name may
stand at one place of the taxonomy only, and calls the place of contigs without a label ``root``.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Optional, TextIO

from ..core.lineage import RANKS, format_lineage, is_unnamed, rank_of
from ..core.ranked_path import RANK_LETTER, RANK_OF_PREFIX, rank_letter_path, ranked_node
from .contig_labels import ContigLabel, Path, read_fraction
from .tsv import FileContentError, lines_of, quoted

ADVICE = "the names of the taxon's lineage"

_HEADER = ["contigs", "predictions", "scores"]
_PREFIXES = "dpcofgs"
# vamb's floating-point sums go a little beyond 1.
_TOLERANCE = 1e-3
# vamb 5.0.4 does not read a refined label that is empty, not even one of its own Taxometer.
_NO_REFINED_LABEL = "root\t1.0"


def labels(path: str, max_lines: Optional[int] = None) -> Iterator[ContigLabel]:
    """Read a table of contig labels of vamb; the score of the lowest taxon becomes the confidence.

    Names may have a rank prefix (with one or two underscores); those without one have the rank of their place.

    Raises
    ------
    FileContentError
        If the header or a line is not as vamb has it.
    """
    lines = lines_of(path, max_lines)
    header_line, header = next(lines, (1, ""))
    columns = header.split("\t")
    if columns not in (_HEADER, _HEADER[:2]):
        raise FileContentError(
            header_line,
            f"the header {quoted(header)}",
            "'contigs', 'predictions' and perhaps 'scores', separated by tabs",
        )
    path_of: dict[str, Path] = {}
    for line, text in lines:
        cells = text.split("\t")
        if len(cells) == 1:
            # A contig without a label, whose empty cells an editor has cut off; vamb takes that too.
            cells += [""] * (len(columns) - 1)
        if len(cells) != len(columns):
            raise FileContentError(line, f"{len(cells)} tab-separated columns", f"{len(columns)}, as in the header")
        contig, prediction = cells[:2]
        scores = cells[2].split(";") if len(cells) > 2 and cells[2] else []
        n_names = len(prediction.split(";")) if prediction else 0
        if len(columns) > 2 and len(scores) != n_names:
            raise FileContentError(line, f"{len(scores)} scores", f"{n_names}, one for every name")
        if prediction not in path_of:
            path_of[prediction] = _path(line, prediction)
        depth = len(path_of[prediction])
        confidence = read_fraction(line, scores[depth - 1], "a score", _TOLERANCE) if scores and depth else None
        yield ContigLabel(line, contig, path_of[prediction], confidence)


def _path(line: int, prediction: str) -> Path:
    """Read a prediction as a path with a node for every name, down to the last one that names a taxon of some rank."""
    written = prediction.split(";")
    names = [name.removesuffix(f" ({above})") for above, name in zip(["", *written], written)]
    if all(RANK_LETTER.match(name) for name in names):
        path = list(rank_letter_path(names))
    else:
        places = [*_PREFIXES, *("" for _ in names[len(_PREFIXES) :])]
        path = [ranked_node(letter, name) for letter, name in zip(places, names)]
    while path and not path[-1].prefix:
        path.pop()
    ranks = [node.prefix for node in path if node.prefix]
    for rank in ranks:
        if ranks.count(rank) > 1:
            raise FileContentError(
                line,
                f"two names of the rank {RANK_OF_PREFIX[rank]} in {quoted(prediction)}",
                "one at most; a threshold of Taxometer below 0.5 lets it name two",
            )
    return tuple(path)


def write_labels(file: TextIO, labels: Iterable[tuple[str, Sequence[str], Optional[Sequence[float]]]]) -> None:
    """Write a table of contig labels that vamb takes.

    Ranks other than the seven main ones are left out and skipped ones put in, and names that stand at several places
    are followed by the name above them in brackets, as in ``g__ (f__Bacillaceae)``; `labels` takes that off again.

    Parameters
    ----------
    file : text file
        Where to write.
    labels : iterable of (str, sequence of str, sequence of float or None)
        A contig, its lineage, and for every name of it the probability in 0-1; either all labels have these, and a
        refined taxonomy is written, or none has.

    Raises
    ------
    ValueError
        If a lineage has two names of one rank.
    """
    rows = list(labels)
    has_scores = any(scores is not None for _, _, scores in rows)
    canonical = {lineage: _canonical(lineage) for lineage in {tuple(lineage) for _, lineage, _ in rows}}
    unambiguous = _unambiguous({names for names, _ in canonical.values()})
    file.write("\t".join(_HEADER if has_scores else _HEADER[:2]) + "\n")
    for contig, lineage, scores in rows:
        names, sources = canonical[tuple(lineage)]
        cells = [contig, ";".join(unambiguous[names])]
        if has_scores and names:
            cells.append(";".join(str(round(float(scores[source]), 5)) for source in sources))
        elif has_scores:
            cells[1] = _NO_REFINED_LABEL
        file.write("\t".join(cells) + "\n")


def _canonical(lineage: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Bring a lineage to the main ranks, from the domain down without a gap.

    Returns the names, and for each the place in the lineage whose probability it has: a rank that was skipped is at
    least as probable as the next name.
    """
    names: list[str] = []
    sources: list[int] = []
    for place, name in enumerate(lineage):
        rank = rank_of(lineage[: place + 1])
        if rank not in RANKS or is_unnamed(name):
            continue
        if RANKS.index(rank) < len(names):
            raise ValueError(
                f"The lineage {format_lineage(lineage)!r} has two names of the rank {rank}, or ranks out of order."
            )
        skipped = [f"{letter}__" for letter in _PREFIXES[len(names) : RANKS.index(rank)]]
        names += [*skipped, name]
        sources += [place] * (len(skipped) + 1)
    return tuple(names), tuple(sources)


def _unambiguous(lineages: Collection[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Give every taxon a name of its own; those of the lineages' own taxa are kept wherever they are."""
    taxa = {lineage[:depth] for lineage in lineages for depth in range(1, len(lineage) + 1)}
    places = defaultdict(int)
    for taxon in taxa:
        places[taxon[-1]] += 1
    written: dict[tuple[str, ...], tuple[str, ...]] = {(): ()}
    for taxon in sorted(taxa, key=len):
        above, name = written[taxon[:-1]], taxon[-1]
        # A name that already ends like this gets it once more, so that the reader leaves it as it was.
        if above and (places[name] > 1 or is_unnamed(name) or name.endswith(f" ({above[-1]})")):
            name = f"{name} ({above[-1]})"
        written[taxon] = (*above, name)
    return written
