# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Taxa of contigs as other plugins keep them: a map from every taxon to its contigs, and the taxonomy of the taxa."""

from collections.abc import Mapping, Sequence

from ..core.lineage import format_lineage, parse_lineage

# q2-annotate's number and name for contigs without a label.
_UNCLASSIFIED_ID, _UNCLASSIFIED = "0", "d__Unclassified"


def map_contigs(labels: Mapping[str, str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Turn the labels of contigs into a map from taxa to contigs.

    Returns
    -------
    dict of str to list of str, dict of str to str
        The contigs of every taxon in their order, and the lineage of every taxon. Taxa are numbered from 1 in the order
        of their lineages; contigs without a label are those of taxon 0, ``d__Unclassified``.
    """
    lineages = {contig: parse_lineage(taxon) for contig, taxon in labels.items()}
    ordered = sorted(set(lineages.values()) - {()})
    identifiers = {(): _UNCLASSIFIED_ID, **{lineage: str(number) for number, lineage in enumerate(ordered, start=1)}}
    contigs: dict[str, list[str]] = {}
    for contig, lineage in lineages.items():
        contigs.setdefault(identifiers[lineage], []).append(contig)
    taxa = {
        identifier: format_lineage(lineage) if lineage else _UNCLASSIFIED
        for lineage, identifier in identifiers.items()
        if identifier in contigs
    }
    return contigs, taxa


def labels_of_map(contigs: Mapping[str, Sequence[str]], taxa: Mapping[str, str]) -> dict[str, str]:
    """Turn a map from taxa to contigs into the labels of contigs, in the order of the map.

    Raises
    ------
    ValueError
        If a taxon of the map is not among `taxa`, or a contig is mapped to two taxa.
    """
    missing = [taxon for taxon in contigs if taxon not in taxa]
    if missing:
        raise ValueError(
            f"{len(missing)} of the {len(contigs)} taxa of the contig map are not in the taxonomy (the first: "
            f"{', '.join(missing[:5])}). Give the taxonomy that was made together with the map."
        )
    taxon_of: dict[str, str] = {}
    for taxon, names in contigs.items():
        for name in names:
            other = taxon_of.setdefault(name, taxon)
            if other != taxon:
                raise ValueError(
                    f"Contig {name!r} is mapped to the taxa {other!r} ({taxa[other]}) and {taxon!r} ({taxa[taxon]}); "
                    f"expected one taxon for every contig."
                )
    return {name: format_lineage(parse_lineage(taxa[taxon])) for name, taxon in taxon_of.items()}
