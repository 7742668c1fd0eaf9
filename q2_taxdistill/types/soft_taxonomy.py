# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""`FeatureData[SoftTaxonomy]`: for every contig a probability for every taxon."""

import json
from tempfile import TemporaryFile
from typing import Optional

import biom
import h5py
import numpy as np
import pandas as pd
import qiime2
from q2_types.feature_data import FeatureData
from qiime2.plugin import Plugin, SemanticType, ValidationError, model
from scipy import sparse

import q2_taxdistill

from ..core.lineage import UNASSIGNED, format_lineage, is_unnamed
from ..core.soft_labels import SoftLabels
from ..core.tree import TaxonTree
from .versions import read_versioned_json

SoftTaxonomy = SemanticType("SoftTaxonomy", variant_of=FeatureData.field["type"])

FORMAT_VERSION = 1
_CONTIGS_AT_MIN = 100
_NO_DATE = "1970-01-01T00:00:00"


class SoftTaxonomyFormat(model.BinaryFileFormat):
    """A BIOM 2.1 table (HDF5): contigs as observations, taxa as samples, own masses as values.

    The own mass of a taxon is the probability that a contig belongs to it but to none of its children in the table;
    it sums to 1 over the taxa of a contig. Taxa are full lineages and hold all their ancestors; ``Unassigned`` is the
    root.
    """

    def _validate_(self, level: str) -> None:
        path = str(self)
        if not h5py.is_hdf5(path):
            raise ValidationError(f"{path} is not an HDF5 file. Expected a BIOM 2.1 table of contigs x taxa.")
        try:
            with h5py.File(path, "r") as file:
                self._check(file, level)
        except OSError as error:
            raise ValidationError(f"{path} cannot be read to its end; it may be cut short: {error}.") from error

    def _check(self, file: h5py.File, level: str) -> None:
        missing = [part for part in _PARTS if part not in file]
        if missing:
            raise ValidationError(f"{self} is not a BIOM 2.1 table: it has no {', no '.join(missing)}.")
        indptr = file["observation/matrix/indptr"][:]
        n_contigs = len(indptr) - 1
        checked = n_contigs if level == "max" else min(n_contigs, _CONTIGS_AT_MIN)
        values = file["observation/matrix/data"][: int(indptr[checked])]
        contigs = _texts(file["observation/ids"][:checked])
        taxa = _texts(file["sample/ids"][:])
        _check_unique("contig", contigs)
        _check_unique("taxon", taxa)
        _check_tree(taxa)
        _check_masses(values, np.diff(indptr[: checked + 1]), contigs)


_PARTS = (
    "observation/ids",
    "sample/ids",
    "observation/matrix/data",
    "observation/matrix/indices",
    "observation/matrix/indptr",
)


def _check_unique(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValidationError(f"The {what} {name!r} is there twice; expected every {what} once.")
        seen.add(name)


def _check_tree(taxa: list[str]) -> None:
    lineages = {_lineage_of(taxon) for taxon in taxa}
    if () not in lineages:
        raise ValidationError(f"The taxa do not form a tree: the root, {UNASSIGNED!r}, is missing.")
    for lineage in lineages:
        if lineage and lineage[:-1] not in lineages:
            raise ValidationError(
                f"The taxa do not form a tree: {format_lineage(lineage)!r} is there and its parent "
                f"{format_lineage(lineage[:-1])!r} is not."
            )


def _check_masses(values: np.ndarray, lengths: np.ndarray, contigs: list[str]) -> None:
    rows = np.repeat(np.arange(len(lengths)), lengths)
    outside = ~((values >= 0) & (values <= 1 + 1e-6))
    if outside.any():
        raise ValidationError(
            f"Contig {contigs[rows[outside][0]]!r} has a probability of {values[outside][0]}; expected values from 0 "
            f"to 1."
        )
    sums = np.bincount(rows, values, minlength=len(lengths))
    off = np.flatnonzero(np.abs(sums - 1) > 1e-3)
    if len(off):
        raise ValidationError(
            f"The probabilities of contig {contigs[off[0]]!r} sum to {sums[off[0]]:.4f} ({len(off)} such contigs); "
            f"expected 1."
        )


class SoftTaxonomyDescriptionFormat(model.TextFileFormat):
    """JSON: the version of the format, of the program that wrote it, and what was measured when it was made."""

    def _validate_(self, level: str) -> None:
        read_versioned_json(str(self), "soft taxonomy", FORMAT_VERSION)


class SoftTaxonomyDirectoryFormat(model.DirectoryFormat):
    """`soft-taxonomy.biom` and `description.json`."""

    table = model.File("soft-taxonomy.biom", format=SoftTaxonomyFormat)
    description = model.File("description.json", format=SoftTaxonomyDescriptionFormat)


def _write(soft: SoftLabels) -> SoftTaxonomyDirectoryFormat:
    directory = SoftTaxonomyDirectoryFormat()
    taxa = [format_lineage(lineage) for lineage in soft.tree.lineages]
    table = biom.Table(soft.own.astype(np.float64), list(soft.contigs), taxa, table_id="soft taxonomy")
    with TemporaryFile() as space, h5py.File(space, "w") as dated:
        table.to_hdf5(dated, f"q2-taxdistill {q2_taxdistill.__version__}")
        with h5py.File(directory.path / "soft-taxonomy.biom", "w") as file:
            _copy_without_date(dated, file)
    description = {
        "format_version": FORMAT_VERSION,
        "q2_taxdistill": q2_taxdistill.__version__,
        "story": soft.story,
    }
    (directory.path / "description.json").write_text(json.dumps(description, indent=1) + "\n", "utf-8")
    return directory


def _copy_without_date(dated: h5py.File, file: h5py.File) -> None:
    """Copy a BIOM table but for the date, which makes equal results unequal; an artifact's provenance has it anyway."""
    for name in dated:
        dated.copy(name, file)
    for name, value in dated.attrs.items():
        file.attrs[name] = _NO_DATE if name == "creation-date" else value


def read_soft_labels(directory: SoftTaxonomyDirectoryFormat) -> SoftLabels:
    """Read what an artifact of this type holds."""
    description = read_versioned_json(str(directory.path / "description.json"), "soft taxonomy", FORMAT_VERSION)
    # biom-format's own reader takes ASCII identifiers only
    with h5py.File(directory.path / "soft-taxonomy.biom", "r") as file:
        contigs, taxa = _texts(file["observation/ids"][:]), _texts(file["sample/ids"][:])
        parts = tuple(file[f"observation/matrix/{part}"][:] for part in ("data", "indices", "indptr"))
    own = sparse.csr_matrix(parts, shape=(len(contigs), len(taxa)), dtype=np.float32)
    lineages = [_lineage_of(taxon) for taxon in taxa]
    tree = TaxonTree.from_lineages(lineages)
    nodes = np.array([tree.index[lineage] for lineage in lineages], dtype=np.int64)
    return SoftLabels(tree, tuple(contigs), own[:, np.argsort(nodes)], description.get("story", {}))


def _read_table(directory: SoftTaxonomyDirectoryFormat) -> pd.DataFrame:
    return soft_taxonomy_table(read_soft_labels(directory))


def _read_metadata(directory: SoftTaxonomyDirectoryFormat) -> qiime2.Metadata:
    return qiime2.Metadata(soft_taxonomy_table(read_soft_labels(directory)))


def soft_taxonomy_table(soft: SoftLabels) -> pd.DataFrame:
    """Tabulate the most probable taxon of every contig at every rank, with its probability.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``Feature ID``; for every depth of the tree the columns ``<rank>`` (the bare name of the taxon; None
        where no probability reaches the rank or it has no name) and ``<rank> probability``. A depth at which taxa have
        several ranks, or the rank of another depth, is called ``level 2`` and so on.
    """
    paths = soft.best_paths()
    # QIIME 2's metadata refuses empty cells and takes missing ones; -1, below the last node, finds the last of these
    names = np.array([_name(lineage) for lineage in soft.tree.lineages] + [None], dtype=object)
    columns: dict[str, np.ndarray] = {}
    for depth in range(1, paths.nodes.shape[1]):
        rank = _rank_at_depth(soft.tree, depth)
        rank = f"level {depth}" if rank in columns else rank
        columns[rank] = names[paths.nodes[:, depth]]
        columns[f"{rank} probability"] = paths.masses[:, depth].astype(np.float64)
    return pd.DataFrame(columns, index=pd.Index(soft.contigs, name="Feature ID", dtype=object))


def _name(lineage: tuple[str, ...]) -> Optional[str]:
    return None if not lineage or is_unnamed(lineage[-1]) else lineage[-1]


def _rank_at_depth(tree: TaxonTree, depth: int) -> str:
    ranks = sorted({tree.ranks[node] for node in np.flatnonzero(tree.depths == depth)})
    return ranks[0] if len(ranks) == 1 else f"level {depth}"


def _lineage_of(taxon: str) -> tuple[str, ...]:
    return () if taxon == UNASSIGNED else tuple(taxon.split(";"))


def _texts(names: np.ndarray) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def register(plugin: Plugin) -> None:
    """Register the type, its formats and its transformers."""
    plugin.register_semantic_types(SoftTaxonomy)
    plugin.register_formats(SoftTaxonomyFormat, SoftTaxonomyDescriptionFormat, SoftTaxonomyDirectoryFormat)
    plugin.register_views(SoftLabels)
    plugin.register_artifact_class(
        FeatureData[SoftTaxonomy],
        SoftTaxonomyDirectoryFormat,
        description="For every contig a probability for every taxon, at every rank.",
    )

    @plugin.register_transformer
    def _1(soft: SoftLabels) -> SoftTaxonomyDirectoryFormat:
        return _write(soft)

    @plugin.register_transformer
    def _2(directory: SoftTaxonomyDirectoryFormat) -> SoftLabels:
        return read_soft_labels(directory)

    @plugin.register_transformer
    def _3(directory: SoftTaxonomyDirectoryFormat) -> pd.DataFrame:
        return _read_table(directory)

    @plugin.register_transformer
    def _4(directory: SoftTaxonomyDirectoryFormat) -> qiime2.Metadata:
        return _read_metadata(directory)
