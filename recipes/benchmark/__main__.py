# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The command: run what has not been run yet, score everything, and write tables and a figure."""

import argparse
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from .arguments import add_communities, communities_of
from .campaign import Campaign
from .communities import CommunityError, scored_contigs
from .method import Programs
from .methods import all_methods, with_what_they_build_on
from .results import Results


def main() -> int:
    """Run the command; return 0 if all runs are there, 1 if one failed, 2 if the communities cannot be used."""
    parser = _parser()
    arguments = parser.parse_args()
    try:
        methods = with_what_they_build_on(arguments.methods)
        out = arguments.output_dir.resolve()
        communities = communities_of(arguments, out)
        programs = _programs(arguments)
        truths = {community.name: scored_contigs(community, arguments.min_length) for community in communities}
    except (CommunityError, ValueError) as error:
        parser.error(str(error))
    # The first command after an installation fills a cache, which is no part of any job.
    subprocess.run([programs.qiime, "taxdistill", "--help"], stdout=subprocess.DEVNULL, check=True)
    campaign = Campaign(out / "runs", programs, arguments.seeds, arguments.min_length)
    results = Results(out, methods, arguments.min_length)
    for community in communities:
        campaign.run(community, methods)
        results.write(campaign, communities, truths)
    print(
        f"The results are in {out}: results.md, scores.tsv, summary.tsv, costs.tsv, curves.tsv, curves.png, curves.svg."
    )
    return 1 if campaign.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m recipes.benchmark",
        description="Compare contig taxonomies by several methods on communities of known truth.",
        epilog=f"Methods: {', '.join(method.name for method in all_methods())}.",
    )
    add_communities(parser)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5], help="default: 1 2 3 4 5")
    parser.add_argument(
        "--methods", nargs="+", default=[method.name for method in all_methods()], metavar="METHOD",
        help="which to run, with those that they build on; default: all",
    )  # fmt: skip
    parser.add_argument("--vamb", help="the program vamb; by default the one on the path, if any")
    parser.add_argument("--qiime", help="the program qiime; by default the one beside this Python, or on the path")
    parser.add_argument("--language-model", help="an artifact GenomicLanguageModel, to run with it too")
    parser.add_argument("--threads", type=int, help="for every program; by default each program's own default")
    return parser


def _programs(arguments: argparse.Namespace) -> Programs:
    beside = Path(sys.executable).with_name("qiime")
    qiime = arguments.qiime or (str(beside) if beside.exists() else shutil.which("qiime"))
    if qiime is None or shutil.which(qiime) is None:
        raise ValueError(f"The program {qiime or 'qiime'} is not there. Give its path with --qiime.")
    vamb = arguments.vamb or shutil.which("vamb")
    if vamb is not None and shutil.which(vamb) is None:
        raise ValueError(f"The program {vamb} is not there. Give the path of vamb with --vamb, or leave it out.")
    model = arguments.language_model
    if model is not None and not Path(model).is_file():
        raise ValueError(f"The language model {model} is not there.")
    return Programs(
        sys.executable,
        str(Path(shutil.which(qiime)).absolute()),
        None if vamb is None else str(Path(shutil.which(vamb)).absolute()),
        None if model is None else str(Path(model).resolve()),
        arguments.threads,
    )


if __name__ == "__main__":
    # Ends by way of an exception, so that the process that runs at the moment is ended too.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sys.exit(main())
