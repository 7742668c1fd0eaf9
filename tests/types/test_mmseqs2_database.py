# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from qiime2 import Artifact
from qiime2.plugin import ValidationError

from q2_taxdistill.examples import mmseqs2 as examples
from q2_taxdistill.interop.mmseqs2_database import AMINO_ACIDS, NUCLEOTIDES
from q2_taxdistill.types.mmseqs2_database import MMseqs2TaxonomyDBDirectoryFormat

pytestmark = pytest.mark.skipif(shutil.which("mmseqs") is None, reason="the program MMseqs2 is not installed")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    directory = tmp_path_factory.mktemp("built") / "database"
    examples.database().export_data(str(directory))
    return directory


@pytest.fixture
def directory(built, tmp_path):
    """A copy of a valid database, to be spoilt."""
    return Path(shutil.copytree(built, tmp_path / "database"))


@pytest.fixture(scope="module")
def downloaded(tmp_path_factory):
    """What `mmseqs databases` leaves: a name of its own, the taxonomy in binary form, names without prefixes."""
    directory = tmp_path_factory.mktemp("downloaded")
    proteins, taxonomy = examples.community().proteins, examples.community().protein_taxonomy["Taxon"]
    (directory / "proteins.faa").write_text("".join(f">{name} some protein\n{p}\n" for name, p in proteins.items()))
    dump, mapping, database = directory / "dump", directory / "mapping.tsv", directory / "database" / "ncbi"
    dump.mkdir()
    database.parent.mkdir()
    numbers, nodes, names = {"": 1}, ["1\t|\t1\t|\tno rank\t|\t\t|"], ["1\t|\troot\t|\t\t|\tscientific name\t|"]
    ranks = ("superkingdom", "phylum", "class", "order", "family", "genus", "species")
    for taxon in taxonomy.unique():
        parts = taxon.split(";")
        for depth, (part, rank) in enumerate(zip(parts, ranks), start=1):
            lineage, above = ";".join(parts[:depth]), ";".join(parts[: depth - 1])
            if lineage not in numbers:
                numbers[lineage] = len(numbers) + 1
                nodes.append(f"{numbers[lineage]}\t|\t{numbers[above]}\t|\t{rank}\t|\t\t|")
                names.append(f"{numbers[lineage]}\t|\t{part[3:]}\t|\t\t|\tscientific name\t|")
    (dump / "nodes.dmp").write_text("\n".join(nodes) + "\n")
    (dump / "names.dmp").write_text("\n".join(names) + "\n")
    (dump / "merged.dmp").touch()
    mapping.write_text("".join(f"{name}\t{numbers[taxon]}\n" for name, taxon in taxonomy.items()))
    if not any(map(shutil.which, ("curl", "wget", "aria2c"))):
        pytest.skip("mmseqs createtaxdb wants a program to download with: curl, wget or aria2c")
    for command in (
        ["createdb", directory / "proteins.faa", database],
        ["createtaxdb", database, directory / "tmp", "--ncbi-tax-dump", dump, "--tax-mapping-file", mapping],
    ):
        subprocess.run(["mmseqs", *map(str, command)], check=True, capture_output=True)
    return database.parent


def _validate(directory, level="max"):
    database = MMseqs2TaxonomyDBDirectoryFormat(str(directory), mode="r")
    database.validate(level)
    return database


@pytest.mark.parametrize("level", ["min", "max"])
def test_database_that_the_plugin_built_is_valid(built, level):
    database = _validate(built, level)
    assert database.kind == AMINO_ACIDS
    assert Path(database.database).name == "database"


def test_database_that_mmseqs2_made_is_imported_and_labels_contigs(downloaded):
    database = Artifact.import_data("MMseqs2TaxonomyDB", str(downloaded))
    database.validate("max")
    assert {path.name for path in downloaded.glob("*_taxonomy")} == {"ncbi_taxonomy"}
    from qiime2.plugins import taxdistill

    taxonomy, _, hit_taxonomy = taxdistill.actions.annotate_mmseqs2(examples.contigs(), database)
    truth = examples.community().truth["Taxon"]
    import pandas as pd

    assert taxonomy.view(pd.DataFrame)["Taxon"].to_dict() == truth.to_dict()
    assert set(hit_taxonomy.view(pd.DataFrame)["Taxon"]) == set(truth) - {"Unassigned"}


def test_nucleotide_database_is_told_apart(directory):
    (directory / "database.dbtype").write_bytes(struct.pack("<I", NUCLEOTIDES | 1 << 31))
    assert _validate(directory).kind == NUCLEOTIDES


def test_other_files_of_a_database_may_be_there(directory):
    for name in ("database.idx", "database.idx.index", "database.version", "database_delnodes.dmp"):
        (directory / name).write_text("x\n")
    (directory / "database.idx.dbtype").write_bytes(struct.pack("<I", 9))
    _validate(directory)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("database_mapping", r"no file whose name ends in _mapping; expected the files of one MMseqs2 database"),
        ("database", r"'database' is not complete: found no file database\."),
        ("database.index", r"found no file database\.index\."),
        ("database.dbtype", r"found no file database\.dbtype\."),
        ("database_h", r"found no file database_h\."),
        ("database_h.index", r"found no file database_h\.index\."),
        ("database_names.dmp", r"has no taxonomy: found neither database_taxonomy nor database_names\.dmp"),
    ],
)
def test_missing_file_is_named(directory, missing, message):
    (directory / missing).unlink()
    with pytest.raises(ValidationError, match=message):
        _validate(directory, "min")


def test_two_databases_are_one_too_many(directory):
    (directory / "other_mapping").write_text("0\t1\n")
    with pytest.raises(ValidationError, match="databases with one: database, other; expected the files of one"):
        _validate(directory)


def test_directories_within_are_refused(directory):
    (directory / "tmp").mkdir()
    (directory / "tmp" / "left_over").touch()
    with pytest.raises(ValidationError, match="Unrecognized file"):
        _validate(directory)


@pytest.mark.parametrize(("kind", "found"), [(2, "profiles"), (7, "data of kind 7")])
def test_databases_of_something_else_than_sequences_are_refused(directory, kind, found):
    (directory / "database.dbtype").write_bytes(struct.pack("<I", kind))
    with pytest.raises(ValidationError, match=f"holds {found}; expected amino acid or nucleotide sequences"):
        _validate(directory, "min")


def test_type_of_the_wrong_size_is_refused(directory):
    (directory / "database.dbtype").write_bytes(b"\0\0")
    with pytest.raises(ValidationError, match=r"database\.dbtype has 2 bytes; expected 4"):
        _validate(directory, "min")


def test_truncated_data_are_noticed(directory):
    data = (directory / "database").read_bytes()
    (directory / "database").write_bytes(data[: len(data) // 2])
    with pytest.raises(
        ValidationError, match=r"Line \d+: found an entry in database\.index that ends at byte \d+; .*complete"
    ):
        _validate(directory, "min")


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        ("database.index", "x\t0\t5", r"found 'x\\t0\\t5'; expected three numbers in database\.index"),
        ("database_h.index", "1\t0", r"found '1\\t0'; expected three numbers in database_h\.index"),
        ("database_mapping", "1", r"found '1'; expected two numbers in database_mapping"),
        ("database_mapping", "999999\t2", r"found the key 999999 in database_mapping; expected at most 47"),
        (
            "database_mapping",
            "1\t999",
            r"found the taxon 999 in database_mapping; expected one of the database's lineages",
        ),
        (
            "database_lineages.tsv",
            "d__Bacteria",
            r"found 'd__Bacteria'; expected a taxon's number, a tab and its lineage",
        ),
    ],
)
def test_malformed_line_is_named_where_the_whole_file_is_read(directory, file, line, message):
    with open(directory / file, "a") as lines:
        lines.write(line + "\n")
    number = len((directory / file).read_text().splitlines())
    with pytest.raises(ValidationError, match=rf"The database 'database'\. Line {number}: {message}"):
        _validate(directory)


@pytest.mark.parametrize("file", ["database.index", "database_mapping"])
def test_empty_file_is_refused(directory, file):
    (directory / file).write_text("")
    with pytest.raises(ValidationError, match=rf"found no (entry|sequence) in {file}; expected at least one"):
        _validate(directory, "min")


def test_min_validation_reads_the_beginning_only(directory):
    mapping = "".join(f"{number % 48}\t2\n" for number in range(200))
    (directory / "database_mapping").write_text(mapping + "bad\n")
    _validate(directory, "min")
    with pytest.raises(ValidationError, match="Line 201"):
        _validate(directory, "max")


def test_binary_mapping_of_newer_releases_is_taken_as_it_is(directory):
    (directory / "database_mapping").write_bytes(bytes((19, 0, 23, 12, 1)) + struct.pack("<II", 0, 2))
    _validate(directory)
