# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`annotate-mmseqs2`: contigs and a database -> labels with support, exact alignments, and the subjects' taxonomy."""

import pandas as pd
from q2_types.feature_data import BLAST6, BLAST6Format, DNAFASTAFormat, FeatureData, Taxonomy
from qiime2.plugin import Float, Int, Plugin, Range

from ..citations import citations
from ..core.lineage import UNASSIGNED
from ..examples import mmseqs2 as examples
from ..interop.mmseqs2_program import MMseqs2
from ..interop.mmseqs2_search import ContigSearch, SearchResults, SearchSettings
from ..types.contigs import CONTIGS
from ..types.mmseqs2_database import MMseqs2TaxonomyDB, MMseqs2TaxonomyDBDirectoryFormat
from .parameters import LEARNING_DESCRIPTIONS, Threads
from .scratch import scratch_beside


def annotate_mmseqs2(
    sequences: DNAFASTAFormat,
    database: MMseqs2TaxonomyDBDirectoryFormat,
    sensitivity: float = 2.0,
    evalue: float = 1e-10,
    hits_per_gene: int = 1,
    threads: int = 1,
) -> (pd.DataFrame, BLAST6Format, pd.DataFrame):
    """Label contigs with MMseqs2, and align them.

    Raises
    ------
    ValueError
        If there is no contig, or if none of them has a hit.
    MMseqs2Error
        If the program is not there, or fails.
    """
    mmseqs2 = MMseqs2.find()
    hits = BLAST6Format()
    settings = SearchSettings(sensitivity, evalue, hits_per_gene, threads)
    with scratch_beside(hits) as scratch:
        search = ContigSearch(mmseqs2, str(sequences), database.database, database.kind, scratch, settings)
        results = SearchResults(search.identifiers, search.lineages)
        results.read_labels(search.label())
        n_hits = results.write_blast6(search.align(), str(hits))
    taxonomy, hit_taxonomy = results.taxonomies()
    n_labelled = int((taxonomy["Taxon"] != UNASSIGNED).sum())
    print(f"{n_labelled} of {len(taxonomy)} contigs are labelled; {n_hits} hits.", flush=True)
    if not n_hits:
        raise ValueError(
            f"None of the {len(taxonomy)} contigs has a hit in the database with an E-value of {evalue:g} or less. Use "
            f"a database that holds relatives of what was sequenced, or a greater sensitivity or E-value."
        )
    return taxonomy, hits, hit_taxonomy


def register(plugin: Plugin) -> None:
    """Register the action with `plugin`."""
    plugin.methods.register_function(
        function=annotate_mmseqs2,
        inputs={"sequences": CONTIGS, "database": MMseqs2TaxonomyDB},
        parameters={
            "sensitivity": Float % Range(1, 7.5, inclusive_end=True),
            "evalue": Float % Range(0, 1000, inclusive_start=False),
            "hits_per_gene": Int % Range(1, None),
            "threads": Threads,
        },
        outputs=[
            ("taxonomy", FeatureData[Taxonomy]),
            ("hits", FeatureData[BLAST6]),
            ("hit_taxonomy", FeatureData[Taxonomy]),
        ],
        input_descriptions={
            "sequences": "The contigs.",
            "database": "The reference sequences with their taxonomy.",
        },
        parameter_descriptions={
            "sensitivity": (
                "MMseqs2's sensitivity (-s), from 1, fastest, to 7.5, for distant relatives. The default is that of "
                "`mmseqs taxonomy`."
            ),
            "evalue": "Greatest E-value of an alignment in the hits. The labels do not depend on it.",
            "hits_per_gene": (
                "Number of best alignments to keep of every open reading frame of a contig. With a database of "
                "nucleotides the number has no effect: up to 25 alignments of every contig are kept."
            ),
            "threads": LEARNING_DESCRIPTIONS["threads"],
        },
        output_descriptions={
            "taxonomy": (
                "The label of every contig, Unassigned for those without a hit. Confidence is MMseqs2's support: the "
                "share of the votes of the contig's genes that the label got (0 for Unassigned). Further columns count "
                "the fragments that it kept, and those that it gave a taxon. With a database of nucleotides there are "
                "none of these."
            ),
            "hits": (
                "Alignments of the contigs' open reading frames, with exact identities in percent and coordinates on "
                "the contig; length, mismatches and subject coordinates are in amino acids (with a database of "
                "nucleotides, in bases)."
            ),
            "hit_taxonomy": "The taxonomy of the reference sequences in the hits.",
        },
        name="Label contigs with MMseqs2",
        description=(
            "Label contigs by similarity to reference sequences, with the program MMseqs2: the genes of a contig vote "
            "for the lowest taxon that has a majority. The three outputs are what refine takes as taxonomy, hits and "
            "hit-taxonomy. The program MMseqs2 must be installed."
        ),
        citations=citations("mmseqs2", "mmseqs2taxonomy"),
        examples={"Label contigs and align them": examples.annotate_contigs},
    )
