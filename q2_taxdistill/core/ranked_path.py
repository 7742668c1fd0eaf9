# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""From a path of taxa with their ranks, as taxonomy dumps and search tools give it, to a lineage as QIIME 2 writes it.

A path has nodes that a lineage does not: those without one of the ranks below (``cellular organisms``, ``Bacillus
cereus group``, ``environmental samples``, suborders, subspecies ...). They are left out, so that a label at one of
them becomes a label at its nearest ancestor with a rank.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple, Optional, TypeVar

PREFIX = re.compile(r"(sk|[A-Za-z]|D_\d+)__")
RANK_LETTER = re.compile(r"(s[skpcofg]|[dkpcofgsrt-])_(?!_)")

RANK_OF_PREFIX = {
    "d": "domain",
    "r": "realm",
    "k": "kingdom",
    "p": "phylum",
    "c": "class",
    "o": "order",
    "f": "family",
    "g": "genus",
    "s": "species",
    "t": "strain",
}
NO_LABEL = frozenset({"", "unassigned", "unclassified", "unknown", "unassignable", "root", "nan", "none", "no rank"})

_PREFIX_OF_RANK = {"superkingdom": "d", **{rank: prefix for prefix, rank in RANK_OF_PREFIX.items()}}
_STANDARD = "dpcofgs"
_DOMAINS = frozenset({"Bacteria", "Archaea", "Eukaryota", "Viruses"})

Key = TypeVar("Key", bound=Hashable)


class RankedNode(NamedTuple):
    """A taxon on a path.

    Attributes
    ----------
    prefix : str
        The letter of its rank, one of ``d r k p c o f g s t``, or empty if it has none of these ranks.
    name : str
        Its name, without a rank prefix.
    taxid : int or None
        Its number in the taxonomy, where known; it tells apart taxa that agree in everything else.
    """

    prefix: str
    name: str
    taxid: Optional[int] = None


def ranked_node(prefix: str, name: str, taxid: Optional[int] = None) -> RankedNode:
    """Make a node, with the rank that its name has of its own where `prefix` gives none.

    A prefix in the name (``g__Yersinia``, as GTDB has it) counts more than `prefix`. The domains and Viruses, and the
    realms of ICTV (names in *-viria*), have a rank even where a tool or an older taxonomy knows none. A word for "no
    label" (``unclassified``) is no name of a taxon and gets no rank. A semicolon in a name, which would end it in a
    lineage, is written as a comma.

    Parameters
    ----------
    prefix : str
        The letter of the rank, or empty.
    name : str
        The name, with or without a rank prefix.
    taxid : int, optional
        The taxon's number.
    """
    own = PREFIX.match(name)
    if own and own.group(1) in RANK_OF_PREFIX:
        prefix, name = own.group(1), name[own.end() :]
    if name.lower() in NO_LABEL:
        prefix = ""
    elif not prefix and name in _DOMAINS:
        prefix = "d"
    elif not prefix and name.endswith("viria"):
        prefix = "r"
    return RankedNode(prefix, name.replace(";", ","), taxid)


def prefix_of_rank(rank: str) -> str:
    """Return the letter of a rank given by its name (``superkingdom`` is ``d``), or an empty text if it has none."""
    return _PREFIX_OF_RANK.get(rank, "")


def rank_letter_path(names: Sequence[str]) -> tuple[RankedNode, ...]:
    """Read names that follow a rank letter and one underscore, as MMseqs2 and Metabuli write a lineage.

    Nodes after ``-_``, or after the letters of ranks between the main ones (``ss_`` subspecies, ``sk_`` subkingdom
    ...), get no rank. A GTDB name keeps its own prefix: ``g_g__Yersinia`` is the genus Yersinia.

    Raises
    ------
    ValueError
        If a name does not begin with such a letter and an underscore.
    """
    path = []
    for name in names:
        match = RANK_LETTER.match(name)
        if match is None:
            raise ValueError(f"{name!r} does not begin with a rank letter and an underscore, as 'g_Yersinia' does")
        letter = match.group(1)
        path.append(ranked_node(letter if len(letter) == 1 and letter != "-" else "", name[match.end() :]))
    return tuple(path)


def common_path(paths: Sequence[Sequence[RankedNode]]) -> tuple[RankedNode, ...]:
    """Return what all paths begin with: the path of their lowest common ancestor."""
    return tuple(nodes[0] for nodes in takewhile(lambda nodes: len(set(nodes)) == 1, zip(*paths)))


def lineages_of_paths(paths: Mapping[Key, Sequence[RankedNode]]) -> dict[Key, tuple[str, ...]]:
    """Write paths as lineages: names with rank prefixes, from the domain down.

    Main ranks that a path skips are written as bare prefixes (``d__Bacteria;p__;c__;...``), so that a rank stands at
    the same depth in every lineage; realm, kingdom and strain are written where a path has them.

    Two taxa never share a lineage. Those that would, because they have the same name under the same ranked taxon and
    differ only in nodes that are left out (or only in number), are told apart as NCBI does it, by what they stand under
    in angle brackets: ``g__Linaria <Antirrhineae>``.

    Parameters
    ----------
    paths : mapping of key to sequence of RankedNode
        The paths, from the root down. Those of one study must be given together.

    Returns
    -------
    dict of key to tuple of str
        A lineage for every path; the empty tuple for a path without any ranked node.
    """
    kept = {key: _ranked_stretches(path) for key, path in paths.items()}
    by_depth = defaultdict(set)
    for stretches in kept.values():
        for depth in range(len(stretches)):
            by_depth[depth].add(stretches[: depth + 1])
    written: dict[tuple, tuple[str, ...]] = {(): ()}
    for depth in sorted(by_depth):
        alike = defaultdict(list)
        for stretches in by_depth[depth]:
            parent = written[stretches[:-1]]
            alike[parent, stretches[-1][-1][:2]].append(stretches)
        for (parent, (prefix, name)), namesakes in alike.items():
            for stretches, qualifier in zip(namesakes, _qualifiers([taxon[-1] for taxon in namesakes])):
                written[stretches] = (*_with_skipped_ranks(parent, prefix), f"{prefix}__{name}{qualifier}")
    return {key: written[stretches] for key, stretches in kept.items()}


def _ranked_stretches(path: Sequence[RankedNode]) -> tuple[tuple[RankedNode, ...], ...]:
    """Cut a path after every ranked node; what follows the last one is dropped."""
    stretches, start = [], 0
    for position, node in enumerate(path, start=1):
        if node.prefix:
            stretches.append(tuple(path[start:position]))
            start = position
    return tuple(stretches)


def _qualifiers(stretches: Sequence[tuple[RankedNode, ...]]) -> list[str]:
    """Tell apart taxa with the same rank, name and ranked parent; nothing is added to one that stands alone."""
    if len(stretches) == 1:
        return [""]
    between = [" / ".join(node.name for node in stretch[:-1]) for stretch in stretches]
    qualifiers = []
    for stretch, nodes in zip(stretches, between):
        if between.count(nodes) > 1:
            nodes = f"{nodes} / taxon {stretch[-1].taxid}".removeprefix(" / ")
        qualifiers.append(f" <{nodes}>" if nodes else "")
    return qualifiers


def _with_skipped_ranks(parent: tuple[str, ...], prefix: str) -> tuple[str, ...]:
    """Add bare prefixes to a lineage for the main ranks between its last one and `prefix`."""
    if prefix not in _STANDARD:
        return parent
    present = [name.split("__", 1)[0] for name in parent]
    last = max((_STANDARD.index(rank) for rank in present if rank in _STANDARD), default=-1)
    if last < 0 and present:
        last = 0
    return (*parent, *(f"{rank}__" for rank in _STANDARD[last + 1 : _STANDARD.index(prefix)]))
