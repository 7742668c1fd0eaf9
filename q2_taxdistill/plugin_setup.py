# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Makes `plugin` and has every part of the package register itself with it."""

from qiime2.plugin import Plugin

import q2_taxdistill
from q2_taxdistill import actions, types
from q2_taxdistill.citations import citations

plugin = Plugin(
    name="taxdistill",
    version=q2_taxdistill.__version__,
    website="https://github.com/q2-taxdistill/q2-taxdistill",
    package="q2_taxdistill",
    description=(
        "Corrects the taxonomy of metagenomic contigs. Labels that a similarity search gave (MMseqs2, Kraken2, "
        "Metabuli, CAT ...) are often missing, too shallow or wrong. TaxDistill learns from all contigs of a study "
        "together: a cross-fitted teacher turns the noisy labels into soft labels, a small student network learns "
        "from both, and the student relabels every contig with a calibrated confidence."
    ),
    short_description="Correct the taxonomy of metagenomic contigs.",
    citations=citations("taxdistill", "taxometer"),
)

types.register(plugin)
actions.register(plugin)
