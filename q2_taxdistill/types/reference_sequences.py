# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Reference sequences of either alphabet, as one view for actions that take proteins or nucleotides."""

from dataclasses import dataclass

from q2_types.feature_data import DNAFASTAFormat, ProteinFASTAFormat
from qiime2.plugin import Plugin


@dataclass(frozen=True)
class ReferenceSequences:
    """A FASTA file of which the alphabet is known.

    Attributes
    ----------
    path : str
        The file; it lives as long as the artifact that it is a view of.
    are_proteins : bool
        Whether its sequences are proteins; otherwise they are nucleotides.
    """

    path: str
    are_proteins: bool


def register(plugin: Plugin) -> None:
    """Register the ways to the view with `plugin`."""

    @plugin.register_transformer
    def _of_proteins(fasta: ProteinFASTAFormat) -> ReferenceSequences:
        return ReferenceSequences(str(fasta), are_proteins=True)

    @plugin.register_transformer
    def _of_nucleotides(fasta: DNAFASTAFormat) -> ReferenceSequences:
        return ReferenceSequences(str(fasta), are_proteins=False)
