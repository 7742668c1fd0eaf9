# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest

from q2_taxdistill.examples import embed

pytest.importorskip("transformers")


def test_factories_make_valid_artifacts():
    assert str(embed.language_model().type) == "GenomicLanguageModel"
    embed.language_model().validate("max")
    embed.embeddings().validate("max")
