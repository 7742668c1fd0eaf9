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

import re
from collections.abc import Sequence

UNASSIGNED = "Unassigned"
RANKS = ("domain", "phylum", "class", "order", "family", "genus", "species")

_RANK_OF_PREFIX = {
    "d": "domain",
    "sk": "domain",
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
_PREFIX = re.compile(r"(sk|[A-Za-z]|D_\d+)__")
_RANK_LETTER = re.compile(r"([dkpcofgsrt-])_(?!_)")
_DOMAINS = frozenset({"Bacteria", "Archaea", "Eukaryota", "Viruses"})
_NO_LABEL = frozenset({"", "unassigned", "unclassified", "unknown", "unassignable", "root", "nan", "none", "no rank"})


def parse_lineage(text: str) -> tuple[str, ...]:
    """Read a semicolon-separated lineage, such as ``d__Bacteria; p__Pseudomonadota``.

    Spaces around names do not count. Names at the end that are empty, or bare rank prefixes (``s__``), say that the
    label stops above them and are left out; empty names further up are kept, so that a lineage that skips a rank keeps
    its depth and is written out as it came. A lineage whose names all begin with a rank letter and one underscore, as
    MMseqs2 writes them (``d_Bacteria;p_Pseudomonadota``, ``-_`` for a node without rank), is read by
    `read_rank_letters`.

    Returns
    -------
    tuple of str
        The names from the domain down; the empty tuple for a contig without a label (``Unassigned``, ``root``,
        ``d__Unclassified``, an empty cell ...).
    """
    names = [name.strip() for name in text.split(";")]
    if all(_RANK_LETTER.match(name) for name in names):
        names = read_rank_letters(names)
    while names and is_unnamed(names[-1]):
        names.pop()
    return tuple(names)


def read_rank_letters(names: Sequence[str]) -> list[str]:
    """Turn names that follow a rank letter and one underscore into names with QIIME 2's rank prefix.

    ``g_Yersinia`` becomes ``g__Yersinia``. The letter is no part of a name that has its own prefix: ``g_g__Yersinia``
    (MMseqs2 with a GTDB database) is ``g__Yersinia``. Nodes without rank (``-_cellular organisms``, ``-_Bacillus cereus
    group``, ``-_Escherichia coli K-12``) are left out, so that a label at one of them becomes a label at the nearest
    ancestor with a rank; but the domains and ICTV's realms (names in *-viria*), which are among the nodes without a
    letter of their own, get ``d__`` and ``r__``.

    Raises
    ------
    ValueError
        If a name does not begin with one of the letters ``d r k p c o f g s t -`` and an underscore.
    """
    ranked = []
    for name in names:
        match = _RANK_LETTER.match(name)
        if match is None:
            raise ValueError(f"{name!r} does not begin with a rank letter and an underscore, as 'g_Yersinia' does")
        letter, bare = match.group(1), name[2:]
        if _PREFIX.match(bare):
            ranked.append(bare)
        elif letter != "-":
            ranked.append(f"{letter}__{bare}")
        elif bare in _DOMAINS:
            ranked.append(f"d__{bare}")
        elif bare.endswith("viria"):
            ranked.append(f"r__{bare}")
    return ranked


def is_unnamed(name: str) -> bool:
    """Whether a name of a lineage names no taxon: empty, a bare rank prefix, or a word for "no label"."""
    bare = _PREFIX.sub("", name, count=1) if _PREFIX.match(name) else name
    return bare.strip().lower() in _NO_LABEL


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
    prefix = _PREFIX.match(names[-1])
    letter = prefix.group(1).lower() if prefix else ""
    if letter == "k" and len(names) == 1:
        return "domain"
    if letter in _RANK_OF_PREFIX:
        return _RANK_OF_PREFIX[letter]
    if not (prefix and len(letter) == 1) and len(names) <= len(RANKS):
        return RANKS[len(names) - 1]
    return f"rank {len(names)}"
