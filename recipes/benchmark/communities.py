# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""Communities of known truth: where their files are, and the artifacts that are made of them."""

import gzip
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Optional

import pandas as pd
from q2_types.feature_data import BLAST6Format, DNAFASTAFormat, ProteinFASTAFormat, TSVTaxonomyFormat
from qiime2 import Artifact

from q2_taxdistill.core.lineage import parse_lineage
from q2_taxdistill.examples.community import generate_community
from q2_taxdistill.interop.contig_labels import FRAGMENT_COLUMNS
from q2_taxdistill.interop.contig_lengths import read_lengths
from q2_taxdistill.interop.taxometer import write_labels
from q2_taxdistill.types.contig_labels import MMseqs2LCAFormat
from q2_taxdistill.types.depths import ContigDepthFormat

# Under which names, with or without `.gz`, a file of a community is looked for.
_NAMES = {
    "contigs": ("contigs.fna", "contigs.fasta", "contigs.fa"),
    "labels": ("mmseqs_lca.tsv",),
    "truth": ("truth.tsv",),
    "table": ("abundance.tsv", "depths.tsv"),
    "hits": ("hits.blast6",),
    "hit-taxonomy": ("hit_taxonomy.tsv",),
    "reference": ("reference.faa",),
    "reference-taxonomy": ("reference_taxonomy.tsv",),
}
_NEEDED = ("contigs", "labels", "truth")
_TOGETHER = (("hits", "hit-taxonomy"), ("reference", "reference-taxonomy"))
_IMPORTS = {
    "contigs": ("FeatureData[Sequence]", DNAFASTAFormat),
    "labels": ("FeatureData[Taxonomy]", MMseqs2LCAFormat),
    "table": ("FeatureTable[Frequency]", ContigDepthFormat),
    "hits": ("FeatureData[BLAST6]", BLAST6Format),
    "hit-taxonomy": ("FeatureData[Taxonomy]", TSVTaxonomyFormat),
    "reference": ("FeatureData[ProteinSequence]", ProteinFASTAFormat),
    "reference-taxonomy": ("FeatureData[Taxonomy]", TSVTaxonomyFormat),
}
_TRUTH_COLUMNS = (("contigs", "predictions"), ("Feature ID", "Taxon"))
TAXOMETER_LABELS = "labels-for-taxometer.tsv"
# The labels without what MMseqs2 says of fragments, as other search tools give them.
PLAIN_LABELS = "plain-labels"


class CommunityError(ValueError):
    """A directory does not hold a community; the message says what is missing or wrong."""


@dataclass(frozen=True)
class Community:
    """A community's files, unpacked and as artifacts, in one directory.

    Attributes
    ----------
    name : str
    directory : Path
        Has for each of `kinds` the file ``KIND.txt`` and, but for the truth, the artifact ``KIND.qza``.
    kinds : tuple of str
        What there is: contigs, labels, truth, and any of table, hits, hit-taxonomy, reference, reference-taxonomy.
    fingerprints : mapping of str to str
        SHA-256 of each unpacked file.
    """

    name: str
    directory: Path
    kinds: tuple[str, ...]
    fingerprints: Mapping[str, str]

    def text(self, kind: str) -> Path:
        """Return the path of an unpacked file."""
        return self.directory / f"{kind}.txt"

    def artifact(self, kind: str) -> Path:
        """Return the path of an artifact."""
        return self.directory / f"{kind}.qza"

    def taxonomy(self, kind: str) -> pd.DataFrame:
        """Read an artifact that is a taxonomy."""
        return Artifact.load(str(self.artifact(kind))).view(pd.DataFrame)

    @cached_property
    def lengths(self) -> pd.Series:
        """The lengths of the contigs in base pairs, by contig."""
        return read_lengths(self.text("contigs"))

    @cached_property
    def truth(self) -> pd.DataFrame:
        """The true taxon of every contig; index `Feature ID`, column `Taxon`."""
        return read_truth(self.text("truth"))

    def named_taxa(self) -> set[tuple[str, ...]]:
        """Collect the taxa that the database is known to have: those of labels, hits and reference, and all above."""
        kinds = [kind for kind in ("labels", "hit-taxonomy", "reference-taxonomy") if kind in self.kinds]
        texts = {text for kind in kinds for text in self.taxonomy(kind)["Taxon"].dropna()}
        lineages = map(parse_lineage, texts)
        return {lineage[:depth] for lineage in lineages for depth in range(1, len(lineage) + 1)}


def read_truth(path: Path) -> pd.DataFrame:
    """Read a table of true taxa, with the header ``contigs predictions`` or ``Feature ID Taxon`` and any more columns.

    Raises
    ------
    CommunityError
        If it has neither header, or a contig comes twice.
    """
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    for contig, taxon in _TRUTH_COLUMNS:
        if contig in table and taxon in table:
            truth = pd.DataFrame({"Taxon": table[taxon].to_numpy()}, index=pd.Index(table[contig], name="Feature ID"))
            if truth.index.has_duplicates:
                twice = truth.index[truth.index.duplicated()][0]
                raise CommunityError(f"The truth has the contig {twice!r} twice. Give every contig one true taxon.")
            return truth
    raise CommunityError(
        f"The truth has the columns {', '.join(map(repr, table.columns))}; expected 'contigs' and 'predictions', or "
        f"'Feature ID' and 'Taxon'."
    )


def find_files(source: Path) -> dict[str, Path]:
    """Find the files of a community by their names.

    Raises
    ------
    CommunityError
        If one is missing that is needed.
    """
    found = {}
    for kind, names in _NAMES.items():
        candidates = [source / (name + packed) for name in names for packed in ("", ".gz")]
        existing = [path for path in candidates if path.is_file()]
        if existing:
            found[kind] = existing[0]
        elif kind in _NEEDED:
            raise CommunityError(
                f"{source} has no file {' or '.join(names)}, packed with gzip or not. A community needs "
                f"{', '.join(_NAMES[kind][0] for kind in _NEEDED)}; see docs/benchmark.md."
            )
    for pair in _TOGETHER:
        there = [kind for kind in pair if kind in found]
        if len(there) == 1:
            (missing,) = set(pair) - set(there)
            raise CommunityError(
                f"{source} has {found[there[0]].name} but not {_NAMES[missing][0]}; they need each other. Add it, or "
                f"leave out both."
            )
    return found


def prepare(name: str, files: Mapping[str, Path], directory: Path) -> Community:
    """Unpack and import the files of a community, unless that is done already.

    Parameters
    ----------
    name : str
    files : mapping of str to Path
        From `find_files`.
    directory : Path
        Where to.

    Raises
    ------
    CommunityError
        If the directory has a community that was made from other files.
    """
    fingerprints = {kind: _fingerprint(path) for kind, path in files.items()}
    record = directory / "community.json"
    if record.exists():
        if json.loads(record.read_text()) != fingerprints:
            raise CommunityError(
                f"{directory} was made from other files than those of {name!r} are now. Give another output "
                f"directory, or delete {directory.parent}."
            )
        return Community(name, directory, tuple(files), fingerprints)
    partial = directory.with_name(directory.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    community = Community(name, partial, tuple(files), fingerprints)
    for kind, path in files.items():
        with _opened(path) as packed, community.text(kind).open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
        if kind in _IMPORTS:
            semantic_type, file_format = _IMPORTS[kind]
            artifact = Artifact.import_data(semantic_type, str(community.text(kind)), view_type=file_format)
            artifact.save(str(community.artifact(kind)))
    _require_truth(community)
    _write_labels_for_taxometer(community)
    plain = community.taxonomy("labels").drop(columns=list(FRAGMENT_COLUMNS), errors="ignore")
    Artifact.import_data("FeatureData[Taxonomy]", plain).save(str(community.artifact(PLAIN_LABELS)))
    (partial / record.name).write_text(json.dumps(fingerprints, indent=1))
    partial.rename(directory)
    return Community(name, directory, tuple(files), fingerprints)


def generated(seed: int, n_genera: int, n_contigs: int, n_samples: int, directory: Path) -> Path:
    """Generate a community and write its files, unless that is done already; return their directory."""
    source = directory / f"generated-{seed}-{n_genera}-{n_contigs}-{n_samples}"
    if not source.exists():
        partial = source.with_name(source.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        generate_community(seed, n_genera, n_contigs, n_samples).write(partial)
        partial.rename(source)
    return source


def scored_contigs(community: Community, min_length: int) -> pd.DataFrame:
    """Take the truth of the contigs that are long enough.

    Raises
    ------
    CommunityError
        If there are none.
    """
    lengths = community.lengths.reindex(community.truth.index)
    chosen = community.truth[(lengths >= min_length).to_numpy()]
    if not len(chosen):
        raise CommunityError(
            f"None of the {len(community.truth)} contigs of {community.name!r} has {min_length} base pairs or more. "
            f"Lower --min-length."
        )
    return chosen


def _require_truth(community: Community) -> None:
    missing = community.truth.index.difference(community.lengths.index)
    if len(missing):
        raise CommunityError(
            f"The truth of {community.name!r} has {len(missing)} contigs that are not among the sequences, such as "
            f"{missing[0]!r}. Give the truth of these contigs."
        )


def _write_labels_for_taxometer(community: Community) -> None:
    """Write the labels as Taxometer reads them, with a row for every contig, which it asks for."""
    taxa = community.taxonomy("labels")["Taxon"].reindex(community.lengths.index).fillna("")
    with (community.directory / TAXOMETER_LABELS).open("w", encoding="utf-8") as file:
        write_labels(file, ((contig, parse_lineage(taxon), None) for contig, taxon in taxa.items()))


def _opened(path: Path):
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _fingerprint(path: Path, block: Optional[int] = 1 << 20) -> str:
    digest = hashlib.sha256()
    with _opened(path) as file:
        while data := file.read(block):
            digest.update(data)
    return digest.hexdigest()
