# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Contigs in every type that the running QIIME 2 has for them, read as one FASTA file."""

from q2_types.feature_data import DNAFASTAFormat, FeatureData, Sequence
from qiime2.plugin import Plugin, ValidationError

from ..interop.fasta import join_samples

CONTIGS = FeatureData[Sequence]

try:  # QIIME 2 2024.2
    from q2_types.per_sample_sequences import Contigs, ContigSequencesDirFmt
    from q2_types.sample_data import SampleData
except ImportError:
    ContigSequencesDirFmt = None
else:
    CONTIGS = CONTIGS | SampleData[Contigs]

try:  # QIIME 2 2024.5
    from q2_types.feature_data_mag import Contig
except ImportError:
    pass
else:
    CONTIGS = CONTIGS | FeatureData[Contig]


def register(plugin: Plugin) -> None:
    """Register the transformers with `plugin`."""
    if ContigSequencesDirFmt is None:
        return

    @plugin.register_transformer
    def _contigs_of_samples(directory: ContigSequencesDirFmt) -> DNAFASTAFormat:
        contigs = DNAFASTAFormat()
        try:
            join_samples(directory.sample_dict(), str(contigs))
        except ValueError as error:
            raise ValidationError(str(error)) from error
        return contigs
