# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""A lineage: the names of a taxon's ancestors and of the taxon itself, from the domain down.

The whole lineage is the identity of a taxon. Bare names are not: GTDB repeats placeholder names at two ranks and NCBI
has homonyms.
"""

from collections.abc import Sequence

from .ranked_path import NO_LABEL, PREFIX, RANK_LETTER, RANK_OF_PREFIX, lineages_of_paths, rank_letter_path

UNASSIGNED = "Unassigned"
RANKS = ("domain", "phylum", "class", "order", "family", "genus", "species")


def parse_lineage(text: str) -> tuple[str, ...]:
    """Read a semicolon-separated lineage, such as ``d__Bacteria; p__Pseudomonadota``.

    Spaces around names do not count. Names at the end that are empty, or bare rank prefixes (``s__``), say that the
    label stops above them and are left out; empty names further up are kept, so that a lineage that skips a rank keeps
    its depth and is written out as it came. A lineage whose names all begin with a rank letter and one underscore, as
    MMseqs2 writes them (``d_Bacteria;p_Pseudomonadota``, ``-_`` for a node without rank), is read by
    `ranked_path.rank_letter_path` and written as `ranked_path.lineages_of_paths` does it.

    Returns
    -------
    tuple of str
        The names from the domain down; the empty tuple for a contig without a label (``Unassigned``, ``root``,
        ``d__Unclassified``, an empty cell ...).
    """
    names = [name.strip() for name in text.split(";")]
    if all(RANK_LETTER.match(name) for name in names):
        names = list(lineages_of_paths({text: rank_letter_path(names)})[text])
    while names and is_unnamed(names[-1]):
        names.pop()
    return tuple(names)


def is_unnamed(name: str) -> bool:
    """Whether a name of a lineage names no taxon: empty, a bare rank prefix, or a word for "no label"."""
    bare = PREFIX.sub("", name, count=1) if PREFIX.match(name) else name
    return bare.strip().lower() in NO_LABEL


def format_lineage(names: Sequence[str]) -> str:
    """Write a lineage as QIIME 2 does: names joined by semicolons, ``Unassigned`` where there is none."""
    return ";".join(names) if names else UNASSIGNED


def rank_of(names: Sequence[str]) -> str:
    """Name the rank of a lineage's last taxon: by its rank prefix where it has one, else by its depth.

    ``k__`` is the domain where it comes first (SILVA, older Greengenes) and ``kingdom`` below one; ``sk__``
    (superkingdom) is the domain, ``r__`` a realm and ``t__`` a strain. A depth beyond the seven ranks, or a prefix that
    is none of these (``x__``), is called ``rank 8`` and so on by depth. The empty lineage has the rank ``root``.
    """
    if not names:
        return "root"
    prefix = PREFIX.match(names[-1])
    letter = prefix.group(1).lower() if prefix else ""
    if letter == "sk":
        return "domain"
    if letter == "k" and len(names) == 1:
        return "domain"
    if letter in RANK_OF_PREFIX:
        return RANK_OF_PREFIX[letter]
    if not (prefix and len(letter) == 1) and len(names) <= len(RANKS):
        return RANKS[len(names) - 1]
    return f"rank {len(names)}"
