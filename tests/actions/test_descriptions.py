# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Nothing that the plugin has goes without a description, and every action shows an example that needs no network."""

import pytest
from qiime2.sdk import PluginManager
from qiime2.sdk.usage import DiagnosticUsage, UsageVariable

PLUGIN = PluginManager().plugins["taxdistill"]
ACTIONS = PLUGIN.actions
EXAMPLES = [(name, title) for name, action in ACTIONS.items() for title in action.examples]


def is_described(text):
    return isinstance(text, str) and len(text.split()) > 1


class DryUsage(DiagnosticUsage):
    """Follows an example without running its actions; counts what it asserts, and refuses the network."""

    def __init__(self):
        super().__init__()
        self.assertions = 0
        self.called = []

    def usage_variable(self, name, factory, var_type):
        return CountingVariable(name, factory, var_type, self)

    def action(self, action, input_opts, output_opts):
        self.called.append((action.plugin_id, action.action_id))
        return super().action(action, input_opts, output_opts)

    def init_artifact_from_url(self, name, url):
        raise AssertionError(f"the example needs {url}")

    init_metadata_from_url = init_artifact_from_url


class CountingVariable(UsageVariable):
    def assert_output_type(self, *_, **__):
        self.use.assertions += 1

    def assert_has_line_matching(self, *_, **__):
        self.use.assertions += 1


@pytest.mark.parametrize("name", ACTIONS)
class TestActions:
    def test_has_a_name_and_a_description(self, name):
        action = ACTIONS[name]
        assert is_described(action.name)
        assert is_described(action.description)
        assert action.name != action.description

    @pytest.mark.parametrize("part", ["inputs", "parameters", "outputs"])
    def test_every_part_has_a_description(self, name, part):
        specs = dict(getattr(ACTIONS[name].signature, part))
        if ACTIONS[name].type == "visualizer" and part == "outputs":
            specs.pop("visualization")  # QIIME 2 makes it, and takes no description of it
        assert not [key for key, spec in specs.items() if not is_described(spec.description)]

    def test_has_citations(self, name):
        if name.startswith("_"):
            pytest.skip("a part of another action, which cites")
        assert ACTIONS[name].citations
        assert all(citation.fields.get("title") for citation in ACTIONS[name].citations)

    def test_has_an_example(self, name):
        assert ACTIONS[name].examples


@pytest.mark.parametrize(("name", "title"), EXAMPLES)
def test_example_calls_its_action_once_asserts_and_needs_no_network(name, title):
    assert is_described(title)
    use = DryUsage()
    ACTIONS[name].examples[title](use)
    # Galaxy's tests are made of examples: one call of the action that they are of
    assert use.called == [("taxdistill", name)]
    assert use.assertions > 0


@pytest.mark.parametrize("name", PLUGIN.artifact_classes)
def test_artifact_class_is_described(name):
    assert is_described(PLUGIN.artifact_classes[name].description)


def test_formats_are_described():
    bare = [name for name, record in PLUGIN.formats.items() if not is_described(record.format.__doc__)]
    # a directory with a single file has no docstring of its own
    assert not [name for name in bare if not name.endswith("DirectoryFormat")]


def test_plugin_describes_itself():
    assert is_described(PLUGIN.description)
    assert is_described(PLUGIN.short_description)
    assert PLUGIN.citations
    assert PLUGIN.website.startswith("https://")


def test_main_actions_are_there():
    assert {"refine", "soft_label", "train_student", "classify", "threshold"} <= set(ACTIONS)
