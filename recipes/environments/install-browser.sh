#!/usr/bin/env bash
# Installs what the tests look at reports with, Chromium and Selenium, from Debian 12's packages; `make test` calls it.
# Elsewhere, or without root's rights, it installs nothing and says so: those tests then skip.
set -euo pipefail

packages=(chromium chromium-driver python3-selenium)
missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

if ! command -v apt-get >/dev/null || [[ $(id -u) -ne 0 ]]; then
  echo "make test: the tests that look at reports need ${missing[*]}; they will be skipped."
  exit 0
fi
echo "make test: installing ${missing[*]} to look at reports with."
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" </dev/null
