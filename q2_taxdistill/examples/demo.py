# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The main job on a small community whose truth is known, with the commands that a user would type.

Run as ``python -m q2_taxdistill.examples.demo [DIRECTORY]``.
"""

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.lineage import parse_lineage
from ..core.metrics import nodes_at_ranks, on_one_tree, outcomes, ranks_of, score
from .community import Community, generate_community

_SEED = 20260525
_IMPORTS = (
    ("FeatureData[Sequence]", "DNAFASTAFormat", "contigs.fasta", "contigs.qza"),
    ("FeatureData[Taxonomy]", "MMseqs2LCAFormat", "mmseqs_lca.tsv", "taxonomy.qza"),
    ("FeatureTable[Frequency]", "ContigDepthFormat", "depths.tsv", "table.qza"),
    ("FeatureData[BLAST6]", "BLAST6Format", "hits.blast6", "hits.qza"),
    ("FeatureData[Taxonomy]", "TSVTaxonomyFormat", "hit_taxonomy.tsv", "hit-taxonomy.qza"),
)


def main() -> None:
    """Generate, import, refine, export, and print how right the labels were before and after."""
    parser = argparse.ArgumentParser(description="Correct the taxonomy of a generated community of known truth.")
    parser.add_argument(
        "directory", nargs="?", default="demo-output", type=Path, help="where to write; default: %(default)s"
    )
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    community = generate_community(_SEED)
    community.write(directory)
    print(
        f"{len(community.contigs)} contigs of {community.truth['Taxon'].nunique()} species in "
        f"{community.depths.shape[1]} samples, {len(community.labels)} of them labelled; the search's database lacks "
        f"{len(community.lacking)} of the species. All files are in {directory}/.\n"
    )
    for semantic_type, file_format, source, artifact in _IMPORTS:
        _qiime(
            directory, "tools", "import", "--type", semantic_type, "--input-format", file_format,
            "--input-path", source, "--output-path", artifact,
        )  # fmt: skip
    _qiime(
        directory, "taxdistill", "refine", "--i-sequences", "contigs.qza", "--i-taxonomy", "taxonomy.qza",
        "--i-table", "table.qza", "--i-hits", "hits.qza", "--i-hit-taxonomy", "hit-taxonomy.qza",
        "--o-refined-taxonomy", "refined-taxonomy.qza", "--o-soft-taxonomy", "soft-taxonomy.qza",
        "--o-classifier", "classifier.qza", "--o-report", "report.qzv",
    )  # fmt: skip
    _qiime(directory, "tools", "export", "--input-path", "refined-taxonomy.qza", "--output-path", "refined")
    refined = pd.read_csv(directory / "refined" / "taxonomy.tsv", sep="\t", index_col=0)
    print(comparison(community, refined).to_string(float_format="{:.3f}".format))
    report = directory / "report.qzv"
    print(f"\nThe report is {report}: drop it on https://view.qiime2.org, or run `qiime tools view {report}`.")


def _qiime(directory: Path, *arguments: str) -> None:
    print("$ qiime", shlex.join(arguments), flush=True)
    qiime = Path(sys.executable).with_name("qiime")
    command = [str(qiime) if qiime.exists() else shutil.which("qiime") or "qiime", *arguments]
    if subprocess.run(command, cwd=directory, check=False).returncode:
        sys.exit(f"The command above failed; its inputs are in {directory}/.")
    print()


def comparison(community: Community, refined: pd.DataFrame) -> pd.DataFrame:
    """Score the labels of the search and the refined ones against the truth.

    Returns
    -------
    pandas.DataFrame
        A row per rank; precision, recall and F1 before and after, in 0 to 1.
    """
    contigs = community.truth.index
    truth = [parse_lineage(taxon) for taxon in community.truth["Taxon"]]
    columns = {}
    for moment, taxonomy in (("before", community.labels), ("after", refined)):
        observed = [parse_lineage(taxon) for taxon in taxonomy["Taxon"].reindex(contigs).fillna("")]
        tree, (true, predicted) = on_one_tree(truth, observed)
        ranks = ranks_of(tree, true)
        at_ranks = nodes_at_ranks(tree, ranks)
        scores = score(outcomes(at_ranks[true], at_ranks[predicted]))
        for name, values in (("precision", scores.precision), ("recall", scores.recall), ("F1", scores.f1)):
            columns[name, moment] = pd.Series(np.asarray(values), index=ranks)
    table = pd.DataFrame(columns)
    table.columns.names = [None, None]
    return table


if __name__ == "__main__":
    main()
