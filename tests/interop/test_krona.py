# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import io

from q2_taxdistill.interop.krona import write_counts


def test_counts_contigs_of_every_taxon():
    file = io.StringIO()
    write_counts(file, [("d__Bacteria", "p__Bacillota"), (), ("d__Bacteria",), ("d__Bacteria", "p__Bacillota")])
    assert file.getvalue() == "1\tUnassigned\n1\td__Bacteria\n2\td__Bacteria\tp__Bacillota\n"
