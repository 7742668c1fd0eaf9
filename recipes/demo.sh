#!/usr/bin/env bash
# Runs the main job on the small community that the package generates, whose truth is known; `make demo` calls it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec .venv/bin/python -m q2_taxdistill.examples.demo "$@"
