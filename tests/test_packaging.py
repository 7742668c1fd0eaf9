# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import ast
import configparser
import email
import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from qiime2.plugin import Citations, Plugin

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "q2_taxdistill"
MODULES = sorted(PACKAGE.rglob("*.py"))
PYTHON_FILES = [ROOT / "setup.py", *MODULES, *sorted((ROOT / "tests").rglob("*.py"))]
PYTHON_FILES += sorted((ROOT / "recipes").rglob("*.py"))
DATA_FILES = {
    path.relative_to(ROOT).as_posix()
    for path in PACKAGE.rglob("*")
    if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
}
MODULE_FILES = {path.relative_to(ROOT).as_posix() for path in MODULES}

LICENCE_HEADER = """\
# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""


def relative(path):
    return path.relative_to(ROOT).as_posix()


def modules_in(*subpackages):
    """Every module of the subpackages named, with a readable test id."""
    paths = [path for path in MODULES if path.relative_to(PACKAGE).parts[0] in subpackages]
    assert paths, f"no module in {subpackages}"
    return [pytest.param(path, id=relative(path)) for path in paths]


def imported_names(path):
    """The full names of all modules that the file imports anywhere, inside functions too."""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            # `from q2_taxdistill import actions` names a module as well as `from q2_taxdistill.actions import x` does.
            yield from (f"{base}.{alias.name}" for alias in node.names)


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """An sdist of a copy of the repository, and a wheel built from what that sdist holds, as an installer does it."""
    source = tmp_path_factory.mktemp("source")
    out = tmp_path_factory.mktemp("dist")
    shutil.copytree(PACKAGE, source / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests", source / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "LICENSE", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source / name)

    def build(kind, directory):
        command = f"from setuptools import build_meta; build_meta.build_{kind}({str(out)!r})"
        run = subprocess.run([sys.executable, "-c", command], cwd=directory, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr

    build("sdist", source)
    (sdist,) = out.glob("*.tar.gz")
    unpacked = tmp_path_factory.mktemp("unpacked")
    shutil.unpack_archive(sdist, unpacked)
    build("wheel", unpacked / sdist.name.removesuffix(".tar.gz"))
    (wheel,) = out.glob("*.whl")
    return sdist, wheel


def names_in(archive):
    """The files of an sdist, without its top directory, or of a wheel."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            return set(opened.namelist())
    with tarfile.open(archive) as opened:
        return {member.name.partition("/")[2] for member in opened.getmembers() if member.isfile()}


def read_from_wheel(wheel, name):
    with zipfile.ZipFile(wheel) as opened:
        (path,) = (path for path in opened.namelist() if path.endswith(f".dist-info/{name}"))
        return opened.read(path).decode()


class TestDistributions:
    def test_hold_every_module_and_data_file(self, distributions):
        assert "q2_taxdistill/citations.bib" in DATA_FILES
        for archive in distributions:
            missing = (MODULE_FILES | DATA_FILES) - names_in(archive)
            assert not missing, f"{archive.name} lacks files; are they in package-data in pyproject.toml?"

    def test_wheel_holds_the_package_alone(self, distributions):
        top = {name.partition("/")[0] for name in names_in(distributions[1])}
        assert {name for name in top if not name.endswith(".dist-info")} == {"q2_taxdistill"}

    def test_sdist_holds_tests_and_licence(self, distributions):
        names = names_in(distributions[0])
        assert {"LICENSE", "pyproject.toml", "setup.py", "tests/test_packaging.py"} <= names

    def test_entry_point_is_registered_once_under_the_name_of_the_distribution(self, distributions):
        # QIIME 2 of 2026 reads two groups and stops at a plugin that is in both; q2galaxy looks up versions by the key.
        entry_points = configparser.ConfigParser()
        entry_points.optionxform = str
        entry_points.read_string(read_from_wheel(distributions[1], "entry_points.txt"))
        name = email.message_from_string(read_from_wheel(distributions[1], "METADATA"))["Name"]
        assert {group: dict(entry_points[group]) for group in entry_points.sections()} == {
            "qiime2.plugins": {name: "q2_taxdistill.plugin_setup:plugin"}
        }

    def test_requirements_name_nothing_that_qiime2_brings(self, distributions):
        # Debian's h5py has another distribution name, and QIIME 2 2022.11 resolves the requirements of every plugin.
        metadata = email.message_from_string(read_from_wheel(distributions[1], "METADATA"))
        required = {line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line}
        assert required == {"safetensors", "torch", "tqdm"}


class TestInstalledPlugin:
    def test_entry_point_loads_the_plugin(self):
        (entry_point,) = importlib.metadata.distribution("q2-taxdistill").entry_points
        plugin = entry_point.load()
        assert isinstance(plugin, Plugin)
        assert (plugin.name, plugin.package) == ("taxdistill", "q2_taxdistill")

    def test_plugin_loads_without_the_heavy_libraries(self):
        # `qiime taxdistill --help` must not wait for them.
        script = (
            "import sys, q2_types.plugin_setup; before = set(sys.modules); import q2_taxdistill.plugin_setup;"
            "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
        )
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
        loaded = set(run.stdout.split())
        assert "q2_taxdistill" in loaded
        assert not loaded & {"torch", "transformers", "tokenizers", "huggingface_hub", "matplotlib", "sklearn", "tqdm"}

    def test_bibliography_is_complete(self):
        records = Citations.load("citations.bib", package="q2_taxdistill")
        assert {"taxdistill", "taxometer"} <= set(records.keys())
        for key, record in records.items():
            assert {"title", "author", "year", "doi"} <= set(record.fields), key

    def test_bibliography_at_the_top_is_the_packaged_one(self):
        assert (ROOT / "citations.bib").read_bytes() == (PACKAGE / "citations.bib").read_bytes()


class TestCondaEnvironments:
    @pytest.mark.parametrize("path", sorted((ROOT / "recipes" / "environments").glob("*.yml")), ids=relative)
    def test_installs_the_plugin_in_one_step(self, path):
        # The QIIME 2 library asks for this file name and for an environment without a name of its own.
        assert re.fullmatch(r"q2-taxdistill-(qiime2|rachis)-[a-z]+-20\d\d\.([1-9]|1[0-2])\.yml", path.name)
        environment = yaml.safe_load(path.read_text())
        assert set(environment) == {"channels", "dependencies"}
        # make-env.sh cuts off the pip section, to install the working tree instead.
        *_, pip, from_pip = environment["dependencies"]
        assert pip == "pip"
        (requirement,) = from_pip["pip"]
        assert requirement.startswith("q2-taxdistill[language-model]@git+https://")


class TestSourceFiles:
    @pytest.mark.parametrize("path", PYTHON_FILES, ids=relative)
    def test_begins_with_the_licence_header(self, path):
        assert path.read_text().startswith(LICENCE_HEADER)

    @pytest.mark.parametrize("path", PYTHON_FILES, ids=relative)
    def test_is_short(self, path):
        assert len(path.read_text().splitlines()) < 400

    @pytest.mark.parametrize("path", modules_in("core", "interop"))
    def test_numerics_and_readers_work_without_qiime2(self, path):
        names = set(imported_names(path))
        assert not {name for name in names if name.partition(".")[0] in {"qiime2", "q2_types", "q2templates", "q2cli"}}

    @pytest.mark.parametrize("path", modules_in("core", "interop", "types"))
    def test_imports_follow_the_layers(self, path):
        own = path.relative_to(PACKAGE).parts[0]
        allowed = {own, "core"} if own != "types" else {"types", "core", "interop", "citations"}
        names = [name.split(".") for name in imported_names(path) if name.startswith("q2_taxdistill.")]
        assert {parts[1] for parts in names} <= allowed | {"__version__"}

    @pytest.mark.parametrize("path", modules_in("actions", "types"))
    def test_annotations_are_objects(self, path):
        # QIIME 2 reads the annotations of actions and transformers at run time; a string registers, then fails.
        tree = ast.parse(path.read_text())
        assert "__future__.annotations" not in set(imported_names(path))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        annotations = [
            argument.annotation
            for function in functions
            for argument in ast.walk(function.args)
            if isinstance(argument, ast.arg)
        ] + [function.returns for function in functions]
        assert not [ast.unparse(a) for a in annotations if isinstance(a, ast.Constant) and isinstance(a.value, str)]
