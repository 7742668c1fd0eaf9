# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Which reference taxonomy lineages are from, told by how each of them names taxa.

Taxonomies are never translated into one another here: the same name can mean different things in two of them, and taxa
of one have no counterpart in the other. What can be done is to say which one is in use.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .ranked_path import PREFIX

UNKNOWN = "unknown"

# GTDB splits a taxon by suffixes (Bacillus_A cereus_B), numbers unnamed species (sp001234567), and calls taxa known
# from genomes alone after an accession (JAAYUB01) or the UBA collection.
_GTDB = re.compile(
    r"(\S+ )?[A-Z][A-Za-z0-9-]*_[A-Z]{1,3}( .*)?|\S+ sp\d{6,}|\S+ [a-z]+_[A-Z]{1,3}|[A-Z]{4,6}\d{2,}|UBA\d+"
)
# NCBI keeps unnamed species by their isolates (sp. ABC) and has classes and orders that the others merge or rename.
_NCBI = re.compile(
    r"\S+ sp\. .+|(unclassified|uncultured|environmental) .+|(Candidatus )?\S+ bacterium( .*)?|"
    r"Betaproteobacteria|Eubacteriales|Hyphomicrobiales|Lysobacterales|Moraxellales"
)
# SILVA numbers ranks (D_0__), joins genera that it cannot tell apart, and writes underscores for spaces.
_SILVA = re.compile(
    r"[A-Z][a-z]+(-[A-Z][a-z]+)+|(uncultured|unidentified|metagenome)(_.*)?|.*[Ii]ncertae[ _][Ss]edis|\S+ clade.*"
)
_GREENGENES = re.compile(r"\[[A-Z][a-z-]+\]")


class ReferenceTaxonomy(NamedTuple):
    """Which reference taxonomy lineages are from.

    Attributes
    ----------
    name : str
        ``GTDB``, ``NCBI``, ``SILVA``, ``Greengenes`` or ``unknown``.
    evidence : dict of str to int
        How many distinct lineages have names that only the taxonomy of that name gives.
    """

    name: str
    evidence: dict[str, int]


def detect_reference_taxonomy(lineages: Iterable[Sequence[str]]) -> ReferenceTaxonomy:
    """Tell which reference taxonomy lineages are from.

    Names that several taxonomies have, which are most, say nothing. Of the taxonomies that a name does speak for the
    one with the most lineages is taken; ``unknown`` where no name speaks, or where two taxonomies have as many.
    Evidence for a second one is no proof that taxonomies have been mixed, but reason to look.

    Parameters
    ----------
    lineages : iterable of sequence of str
        Lineages as `lineage.parse_lineage` reads them; repeated ones count once.
    """
    evidence = Counter(source for lineage in set(map(tuple, lineages)) for source in _sources(lineage))
    ranking = evidence.most_common(2)
    clear = bool(ranking) and (len(ranking) == 1 or ranking[0][1] > ranking[1][1])
    return ReferenceTaxonomy(ranking[0][0] if clear else UNKNOWN, dict(evidence))


def describe_reference_taxonomy(found: ReferenceTaxonomy) -> str:
    """Say in a sentence which reference taxonomy lineages are from."""
    if not found.evidence:
        return "No name tells which reference taxonomy the lineages are from."
    ranking = sorted(found.evidence.items(), key=lambda counted: (-counted[1], counted[0]))
    names = " and ".join(f"{count} with names that only {name} gives" for name, count in ranking)
    if found.name == UNKNOWN:
        return f"Which reference taxonomy the lineages are from is not clear: there are {names}."
    return f"The lineages look like {found.name}'s: there are {names}."


def _sources(lineage: Sequence[str]) -> set[str]:
    sources = set()
    if lineage and lineage[0].startswith("D_0__"):
        sources.add("SILVA")
    for depth, name in enumerate(lineage):
        prefix = PREFIX.match(name)
        bare = name[prefix.end() :] if prefix else name
        if depth and prefix and prefix.group(1) == "k":
            sources.add("NCBI")
        for source, pattern in (("GTDB", _GTDB), ("NCBI", _NCBI), ("SILVA", _SILVA), ("Greengenes", _GREENGENES)):
            if pattern.fullmatch(bare):
                sources.add(source)
    return sources
