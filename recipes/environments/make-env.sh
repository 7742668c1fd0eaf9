#!/usr/bin/env bash
# Makes .venv/ in the repository root: an environment with QIIME 2 and this plugin in it, and the commands
# .venv/bin/python and .venv/bin/qiime. `make env` calls it. It starts from the first of these that is there:
#   active   an active conda environment that has QIIME 2: the plugin is installed into it, .venv/ only points to it
#   conda    mamba, micromamba or conda: a new conda environment, from the recipe below
#   debian   Debian 12: QIIME 2 from its packages, the rest from PyPI
# A .venv/ that is there is kept. Nothing is done twice: a second run returns at once, unless the files that describe
# the environment have changed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
recipes=$root/recipes/environments
venv=$root/.venv
conda_recipe=$recipes/q2-taxdistill-rachis-moshpit-2026.4.yml
made_from=$venv/made-from # holds `conda`, `debian` or `active` and a path; without it .venv/ is not this script's
inputs_then=$venv/made-from-inputs
cached=$venv/qiime-cache-refreshed

say() { printf 'make env: %s\n' "$*"; }

stop() {
  printf 'make env: %s\n' "$*" >&2
  exit 1
}

on_debian_12() {
  # shellcheck source=/dev/null
  [[ -r /etc/os-release ]] && (. /etc/os-release && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]])
}

find_conda() {
  local candidate
  # Where a shell only has functions of these names, MAMBA_EXE and CONDA_EXE hold the programs.
  for candidate in mamba micromamba "${MAMBA_EXE:-}" conda "${CONDA_EXE:-}"; do
    [[ -n $candidate ]] && command -v "$candidate" && return
  done
  return 1
}

choose() {
  local made
  made=$(cat "$made_from" 2>/dev/null) || true
  if [[ -n ${CONDA_PREFIX:-} && -x $CONDA_PREFIX/bin/qiime && ! $CONDA_PREFIX -ef $venv ]]; then
    echo "active $CONDA_PREFIX"
  elif [[ $made == conda || $made == debian || ($made == active\ * && -x ${made#active }/bin/qiime) ]]; then
    echo "$made"
  elif find_conda >/dev/null; then
    echo conda
  elif on_debian_12; then
    echo debian
  else
    stop "there is no active QIIME 2 environment, no conda, and this is not Debian 12. Install conda (Miniforge, for" \
      "example) and run this again, or activate a conda environment that has QIIME 2."
  fi
}

inputs() {
  # The path is one of them, since an editable installation and the launchers hold it.
  printf '%s\n' "$from" "$root"
  (cd "$root" && cksum pyproject.toml setup.py recipes/environments/*)
}

claim_venv() {
  [[ -e $venv ]] || return 0
  local made
  made=$(cat "$made_from" 2>/dev/null) || true
  if [[ -z $made && ! -d $venv/conda-meta ]]; then
    stop "there is a .venv that this script did not make. Move it away and run this again."
  elif [[ -z $made ]]; then
    say "Removing .venv/, which conda has made only in part."
    rm -rf "$venv"
  elif [[ $made == active* && $from != active* ]]; then
    say "Removing .venv/, which points to an environment that is gone: ${made#active }"
    rm -rf "$venv"
  elif [[ $made != active* && $from == active* ]]; then
    stop "the environment ${from#active } is active, but .venv/ was made from $made. Deactivate the one, or remove" \
      "the other with \`make clean\`, and run this again."
  fi
}

write_launcher() { # write_launcher NAME LINE...: the LINEs end in an exec of the real command
  local name=$1
  shift
  mkdir -p "$venv/bin"
  rm -f "$venv/bin/$name"
  printf '%s\n' '#!/usr/bin/env bash' "# Written by recipes/environments/make-env.sh." "$@" >"$venv/bin/$name"
  chmod +x "$venv/bin/$name"
}

prepare_active() {
  local prefix=${from#active } quoted name
  python=$prefix/bin/python
  say "Installing into the active conda environment $prefix."
  "$python" -c 'import qiime2' ||
    stop "the environment $prefix has a qiime command, but its Python cannot import qiime2 (see above). Repair or" \
      "deactivate it and run this again."
  mkdir -p "$venv"
  echo "$from" >"$made_from"
  printf -v quoted '%q' "$prefix"
  for name in python qiime shellcheck; do
    write_launcher "$name" "export CONDA_PREFIX=$quoted PATH=$quoted/bin:\"\$PATH\"" "exec $quoted/bin/$name \"\$@\""
  done
}

prepare_conda() {
  python=$venv/bin/python
  local conda recipe=$scratch/environment.yml create=(env create)
  # The recipe's pip section installs a released plugin; here the working tree takes its place.
  sed '/^ *- pip:/,$d' "$conda_recipe" >"$recipe"
  if cmp -s "$recipe" "$venv/environment.yml"; then
    return
  fi
  conda=$(find_conda) || stop ".venv/ was made with conda and its recipe has changed, but conda is not to be found."
  say "Creating the conda environment .venv/ from $(basename "$conda_recipe") with $conda; this takes minutes."
  rm -rf "$venv"
  [[ $(basename "$conda") != micromamba ]] || create=(create)
  # The ways to say yes differ between the programs and their versions; these variables work in all.
  CONDA_ALWAYS_YES=true MAMBA_ALWAYS_YES=true "$conda" "${create[@]}" --prefix "$venv" --file "$recipe" ||
    stop "$conda could not create the environment (see above)."
  cp "$recipe" "$venv/environment.yml"
  echo "$from" >"$made_from"
}

list() { sed -E 's/#.*//; /^ *$/d' "$1"; }

install_debian_packages() {
  local package missing=()
  for package in $(list "$recipes/debian-12-packages.txt"); do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  if [[ ${#missing[@]} -eq 0 ]]; then
    say "Debian's packages are all there."
    return
  fi
  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null ||
      stop "Debian packages are missing and only root can install them; have root run:" \
        "apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing Debian's packages: ${missing[*]}"
  # A machine that has just started may be installing upgrades of its own.
  local apt_get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  "${apt_get[@]}" update || stop "apt-get update failed (see above); check the network and the sources of apt."
  "${apt_get[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null ||
    stop "apt-get could not install Debian's packages (see above)."
}

prepare_debian() {
  python=$venv/bin/python
  install_debian_packages
  if [[ ! -x $python || ! -x $venv/bin/pip ]]; then
    say "Making .venv/ with Debian's Python."
    mkdir -p "$venv"
    echo "$from" >"$made_from"
    /usr/bin/python3 -m venv --system-site-packages "$venv" || stop "python3 could not make .venv/ (see above)."
  fi
  local real
  printf -v real '%q' "$python"
  # Debian's own qiime command runs outside .venv/, where this plugin is not.
  write_launcher qiime "export PYTHONNOUSERSITE=1" \
    "exec $real -P -c 'import sys; from q2cli.__main__ import qiime; sys.exit(qiime(prog_name=\"qiime\"))' \"\$@\""
}

install_plugin() {
  say "Installing the plugin from $root, with what it needs from PyPI."
  # pip may add to what QIIME 2 was built and tested with, but not change it.
  "$python" -m pip list --format=freeze --disable-pip-version-check |
    grep -iE '^(numpy|scipy|pandas|scikit-bio|scikit-learn|biom-format|click)==' >"$scratch/constraints.txt"
  "$python" -m pip install --disable-pip-version-check --no-input --no-build-isolation \
    --constraint "$scratch/constraints.txt" "$@" --editable "${root}[language-model,test,lint]" |
    grep --line-buffered -E '^ *(Downloading|Successfully installed)' ||
    stop "pip could not install the plugin (see above)."
}

refresh_cache() {
  say "Refreshing QIIME 2's cache of its plugins."
  "$venv/bin/qiime" dev refresh-cache || stop "QIIME 2 could not load its plugins (see above)."
  touch "$cached"
}

cache_is_current() {
  # QIIME 2 compares versions, not contents: it would not see an action that a pull brought.
  [[ -e $cached && -z $(find "$root/q2_taxdistill" -name '*.py' -newer "$cached" -print -quit) ]]
}

from=$(choose)
export PYTHONNOUSERSITE=1
if ! inputs | cmp -s - "$inputs_then" || [[ ! -x $venv/bin/python || ! -x $venv/bin/qiime ]]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  claim_venv
  rm -f "$inputs_then"
  case $from in
    active*)
      prepare_active
      install_plugin
      ;;
    conda)
      prepare_conda
      install_plugin
      ;;
    debian)
      prepare_debian
      install_plugin --requirement "$recipes/debian-12-requirements.txt"
      ;;
  esac
  refresh_cache
  inputs >"$inputs_then"
  say "Done: .venv/bin/qiime is ready."
elif cache_is_current; then
  say ".venv/ is up to date."
else
  refresh_cache
fi
