# ----------------------------------------------------------------------------
# Copyright (c) 2026, the q2-taxdistill developers.
#
# Distributed under the terms of the Modified BSD License.
#
# The full license is in the file LICENSE, distributed with this software.
# ----------------------------------------------------------------------------
"""The arguments that say which communities there are, and the communities."""

import argparse
from pathlib import Path

from .communities import Community, CommunityError, find_files, generated, prepare

_SHARED = Path(__file__).resolve().parents[3] / "shared" / "benchmark"


def add_communities(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which communities there are, where files go, and which contigs are scored."""
    parser.add_argument(
        "communities", nargs="*", type=Path, metavar="DIRECTORY",
        help="a community's files, or a directory of such directories; see docs/benchmark.md",
    )  # fmt: skip
    parser.add_argument(
        "--generate", nargs="+", type=int, default=[], metavar="SEED", help="generate communities from these seeds"
    )
    parser.add_argument("--genera", type=int, default=12, help="of generated communities; default: %(default)s")
    parser.add_argument("--contigs", type=int, default=1500, help="of generated communities; default: %(default)s")
    parser.add_argument("--samples", type=int, default=4, help="of generated communities; default: %(default)s")
    parser.add_argument(
        "--output-dir", type=Path, default=Path("benchmark-output"),
        help="what is there already is not run again; default: %(default)s",
    )  # fmt: skip
    parser.add_argument("--min-length", type=int, default=2000, help="of scored contigs; default: %(default)s")


def communities_of(arguments: argparse.Namespace, out: Path) -> list[Community]:
    """Find, generate and import the communities that the arguments of `add_communities` ask for.

    Raises
    ------
    CommunityError
        If one cannot be used.
    """
    sources = []
    for directory in arguments.communities or ([] if arguments.generate else [_SHARED]):
        sources += _community_directories(directory)
    for seed in arguments.generate:
        sources.append(generated(seed, arguments.genera, arguments.contigs, arguments.samples, out / "generated"))
    names = [source.name for source in sources]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise CommunityError(f"Two communities are called {repeated[0]!r}. Rename the directory of one.")
    return [prepare(source.name, find_files(source), out / "communities" / source.name) for source in sources]


def _community_directories(directory: Path) -> list[Path]:
    """Take a directory that has a truth, or all those in it that have one."""
    if not directory.is_dir():
        raise CommunityError(f"{directory} is not a directory. Give that of a community, or --generate one.")
    directory = directory.resolve()
    if any(directory.glob("truth.tsv*")):
        return [directory]
    found = sorted(path.parent for path in directory.glob("*/truth.tsv*"))
    if not found:
        # Says which files are missing.
        find_files(directory)
    return found
