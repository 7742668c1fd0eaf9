# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import pytest
from qiime2.sdk import PluginManager
from qiime2.sdk.usage import ExecutionUsage

from q2_taxdistill.examples import embed

pytest.importorskip("transformers")

ACTIONS = ("embed", "_embed_partition", "_collate_embeddings", "_select_contigs_to_embed")


@pytest.mark.parametrize("action", ACTIONS)
def test_examples_run_and_give_what_they_say(action):
    examples = PluginManager().plugins["taxdistill"].actions[action].examples
    assert examples
    for example in examples.values():
        use = ExecutionUsage()
        example(use)
        use.render()


def test_factories_make_valid_artifacts():
    assert str(embed.language_model().type) == "GenomicLanguageModel"
    embed.language_model().validate("max")
    embed.embeddings().validate("max")
