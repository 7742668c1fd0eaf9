# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The methods of others: the labels as they come, and the programs that make or correct them."""

from pathlib import Path
from typing import Optional

from . import predictions
from .communities import TAXOMETER_LABELS
from .method import Job, Method, Programs, option
from .predictions import Prediction


class InputLabels(Method):
    """The labels that are to be corrected."""

    name, title, seeded = "input", "input labels", False

    def collect(self, job: Job) -> Prediction:
        """Take them as they are."""
        return predictions.of_taxonomy(job.community.artifact("labels"))


class MMseqs2(Method):
    """MMseqs2, with a database of the reference."""

    name, title, seeded = "mmseqs2", "MMseqs2", False
    needs = ("reference", "reference-taxonomy")

    def commands(self, job: Job) -> list[list[str]]:
        """Build the database and search it."""
        threads = option("--p-threads", job.programs.threads)
        action = [job.programs.qiime, "taxdistill"]
        given, database = job.community.artifact, job.made("database.qza")
        reference = ["--i-reference-sequences", str(given("reference"))]
        reference += ["--i-reference-taxonomy", str(given("reference-taxonomy"))]
        made = ["--o-taxonomy", job.made("taxonomy.qza"), "--o-hits", job.made("hits.qza")]
        made += ["--o-hit-taxonomy", job.made("hit-taxonomy.qza")]
        contigs = ["--i-sequences", str(given("contigs"))]
        return [
            [*action, "build-mmseqs2-database", *reference, "--o-database", database, *threads],
            [*action, "annotate-mmseqs2", *contigs, "--i-database", database, *made, *threads],
        ]

    def collect(self, job: Job) -> Prediction:
        """Read the taxonomy."""
        return predictions.of_taxonomy(Path(job.made("taxonomy.qza")))


class Taxometer(Method):
    """Taxometer, with its defaults."""

    name, title, of_ours = "taxometer", "Taxometer", False
    needs = ("table",)

    def lacks(self, programs: Programs) -> Optional[str]:
        """Say that vamb is not there."""
        return None if programs.vamb else "vamb is not there; give its path with --vamb"

    def commands(self, job: Job) -> list[list[str]]:
        """Run it."""
        given = job.community
        inputs = ["--fasta", str(given.text("contigs")), "--abundance_tsv", str(given.text("table"))]
        inputs += ["--taxonomy", str(given.directory / TAXOMETER_LABELS)]
        settings = ["-m", str(job.min_length), "--seed", str(job.seed), *option("-p", job.programs.threads)]
        return [[job.programs.vamb, "taxometer", *inputs, "--outdir", job.made("vamb"), *settings]]

    def collect(self, job: Job) -> Prediction:
        """Read its table."""
        return predictions.of_taxometer(Path(job.made("vamb")) / "results_taxometer.tsv")
