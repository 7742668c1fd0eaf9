# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The works that the plugin builds on, by their keys in `citations.bib`."""

from qiime2.plugin import CitationRecord, Citations

_BIBLIOGRAPHY = Citations.load("citations.bib", package="q2_taxdistill")


def citations(*keys: str) -> list[CitationRecord]:
    """Return the records of `keys`, as the list that every QIIME 2 version takes (a lone record is unpacked).

    Raises
    ------
    KeyError
        If `citations.bib` has no such key.
    """
    return [_BIBLIOGRAPHY[key] for key in keys]
