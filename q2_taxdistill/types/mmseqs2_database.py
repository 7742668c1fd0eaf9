# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`MMseqs2TaxonomyDB`: an MMseqs2 sequence database with the taxonomy of its sequences."""

import glob
import struct
from pathlib import Path
from typing import Optional

from qiime2.plugin import Plugin, SemanticType, ValidationError, model

from ..citations import citations
from ..interop.mmseqs2_database import AMINO_ACIDS, NUCLEOTIDES, read_lineages
from ..interop.tsv import FileContentError, lines_of, quoted

MMseqs2TaxonomyDB = SemanticType("MMseqs2TaxonomyDB")

_MIN_LINES = 100
_MAPPING = "_mapping"
# How the mappings begin that newer releases write in binary form.
_BINARY_MAPPING = bytes((19, 0, 23, 12))
_TAXONOMY_DUMP = ("_nodes.dmp", "_names.dmp", "_merged.dmp")
_HEADERS = 12
_KINDS = {AMINO_ACIDS: "amino acid sequences", NUCLEOTIDES: "nucleotide sequences", 2: "profiles", _HEADERS: "headers"}


class MMseqs2DatabaseFileFormat(model.BinaryFileFormat):
    """One file of an MMseqs2 database. What it must hold depends on the others, see the directory format."""

    def _validate_(self, level: str) -> None:
        if self.path.name.endswith(".dbtype"):
            _read_kind(self.path)


class MMseqs2TaxonomyDBDirectoryFormat(model.DirectoryFormat):
    """The files of one MMseqs2 database with taxonomy, as ``mmseqs databases`` or ``mmseqs createtaxdb`` leave them.

    Their names begin with the name of the database, which is free: sequences and headers with their indices and types,
    the mapping of sequences to taxa (``_mapping``) and the taxonomy (``_taxonomy``, or NCBI's ``_nodes.dmp``,
    ``_names.dmp`` and ``_merged.dmp``). ``_lineages.tsv`` has the lineages of the taxa as they came, in databases that
    this plugin made; a precomputed index (``.idx``) and other files of the database may be there.
    """

    files = model.FileCollection(r"[^/]+", format=MMseqs2DatabaseFileFormat)

    @files.set_path_maker
    def _file_path(self, name: str) -> str:
        return name

    @property
    def database(self) -> str:
        """The path that MMseqs2 knows the database by.

        Raises
        ------
        ValidationError
            If there is not exactly one database with a taxonomy.
        """
        directory = Path(str(self.path))
        names = sorted(file.name[: -len(_MAPPING)] for file in directory.glob(f"*{_MAPPING}"))
        if len(names) != 1:
            found = f"databases with one: {', '.join(names)}" if names else "no file whose name ends in _mapping"
            raise ValidationError(
                f"Found {found}; expected the files of one MMseqs2 database with a taxonomy. A directory that 'mmseqs "
                f"databases' made has it; a database that 'mmseqs createdb' made gets it from 'mmseqs createtaxdb'."
            )
        return str(directory / names[0])

    @property
    def kind(self) -> int:
        """The kind of its sequences, `AMINO_ACIDS` or `NUCLEOTIDES` of `interop.mmseqs2_database`."""
        return _read_kind(Path(f"{self.database}.dbtype"))

    def _validate_(self, level: str) -> None:
        database = self.database
        self._require_files(database)
        kind = self.kind
        if kind not in (AMINO_ACIDS, NUCLEOTIDES):
            found = _KINDS.get(kind, f"data of kind {kind}")
            raise ValidationError(
                f"{Path(database).name}.dbtype says that the database holds {found}; expected amino acid or nucleotide "
                f"sequences."
            )
        max_lines = _MIN_LINES if level == "min" else None
        try:
            greatest_key = _check_index(database, max_lines)
            _check_index(f"{database}_h", max_lines)
            _check_mapping(Path(database + _MAPPING), greatest_key, read_lineages(database), max_lines)
        except FileContentError as error:
            raise ValidationError(f"The database {Path(database).name!r}. {error}") from error

    def _require_files(self, database: str) -> None:
        name = Path(database).name
        for part in ("", "_h"):
            needed = [f"{name}{part}.dbtype", f"{name}{part}.index"]
            missing = [file for file in needed if not Path(database).with_name(file).is_file()]
            if not _data_files(database + part):
                missing.append(name + part)
            if missing:
                raise ValidationError(f"The database {name!r} is not complete: found no file {missing[0]}.")
        dump = [name + suffix for suffix in _TAXONOMY_DUMP if not Path(database + suffix).is_file()]
        if dump and not Path(f"{database}_taxonomy").is_file():
            raise ValidationError(
                f"The database {name!r} has no taxonomy: found neither {name}_taxonomy nor {dump[0]}. Make it with "
                f"'mmseqs createtaxdb'."
            )


def _read_kind(path: Path) -> int:
    """Read the kind of data from a ``.dbtype`` file: an integer of four bytes, with flags in its upper half."""
    content = path.read_bytes()
    if len(content) != 4:
        raise ValidationError(f"{path.name} has {len(content)} bytes; expected 4.")
    return struct.unpack("<I", content)[0] & 0xFFFF


def _check_index(database: str, max_lines: Optional[int]) -> int:
    """Check that every entry of an index lies within the data, and return the greatest key."""
    path = Path(f"{database}.index")
    size = sum(part.stat().st_size for part in _data_files(database))
    greatest = -1
    for line, text in lines_of(str(path), max_lines):
        key, offset, length = _numbers(line, text, 3, f"three numbers in {path.name}: key, offset and length")
        if offset + length > size:
            raise FileContentError(
                line,
                f"an entry in {path.name} that ends at byte {offset + length}",
                f"at most {size}, the size of the data; is the database complete?",
            )
        greatest = max(greatest, key)
    if greatest < 0:
        raise FileContentError(None, f"no entry in {path.name}", "at least one sequence")
    return greatest


def _check_mapping(path: Path, greatest_key: int, lineages: dict[int, str], max_lines: Optional[int]) -> None:
    """Check that a mapping gives sequences taxa; `greatest_key` counts only where all lines are read."""
    with path.open("rb") as file:
        if file.read(len(_BINARY_MAPPING)) == _BINARY_MAPPING:
            return
    line = 0
    for line, text in lines_of(str(path), max_lines):
        key, taxon = _numbers(line, text, 2, f"two numbers in {path.name}: the key of a sequence and its taxon")
        if max_lines is None and key > greatest_key:
            raise FileContentError(line, f"the key {key} in {path.name}", f"at most {greatest_key}, as in the index")
        if lineages and taxon not in lineages:
            raise FileContentError(line, f"the taxon {taxon} in {path.name}", "one of the database's lineages")
    if not line:
        raise FileContentError(None, f"no sequence in {path.name}", "at least one sequence with a taxon")


def _data_files(database: str) -> list[Path]:
    """Find the data of a database; where they are large, MMseqs2 may leave them in parts: database.0, database.1 ..."""
    whole = Path(database)
    return [whole] if whole.is_file() else sorted(whole.parent.glob(f"{glob.escape(whole.name)}.[0-9]*"))


def _numbers(line: int, text: str, count: int, expected: str) -> list[int]:
    cells = text.split()
    if len(cells) != count or not all(cell.isdigit() for cell in cells):
        raise FileContentError(line, quoted(text), expected)
    return [int(cell) for cell in cells]


def register(plugin: Plugin) -> None:
    """Register the type and its format with `plugin`."""
    plugin.register_formats(
        MMseqs2DatabaseFileFormat, MMseqs2TaxonomyDBDirectoryFormat, citations=citations("mmseqs2", "mmseqs2taxonomy")
    )
    plugin.register_semantic_types(MMseqs2TaxonomyDB)
    plugin.register_artifact_class(
        MMseqs2TaxonomyDB,
        MMseqs2TaxonomyDBDirectoryFormat,
        description=(
            "An MMseqs2 database of reference sequences, proteins or nucleotides, with their taxonomy. Made by "
            "build-mmseqs2-database, or imported as the directory with the files that `mmseqs databases` or `mmseqs "
            "createtaxdb` left."
        ),
    )
