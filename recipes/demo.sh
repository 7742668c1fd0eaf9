#!/usr/bin/env bash
# Runs the main job on the small community that the package generates, whose truth is known; `make demo` calls it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# QIIME 2 keeps a cache under $TMPDIR that all processes of a user share behind one lock. A process that was killed
# holding that lock would make the demo wait for ten minutes.
TMPDIR=$(mktemp -d)
export TMPDIR PYTHONNOUSERSITE=1
trap 'rm -rf "$TMPDIR"' EXIT
.venv/bin/python -m q2_taxdistill.examples.demo "$@"
