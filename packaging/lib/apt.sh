# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the scripts here need of apt; to be sourced. Apt's own output goes to a log that is shown when apt fails.

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "'$*' needs root: run it as root, or install sudo"
  fi
}

# run_logged WHAT COMMAND…: runs COMMAND without its noise; shows the noise and gives up if it fails.
run_logged() {
  local what=$1 log status=0
  shift
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ $status != 0 ]; then
    cat "$log" >&2
    rm -f "$log"
    die "$what failed (exit $status)"
  fi
  rm -f "$log"
}

apt_get() {
  local -a options=(-y -q -o DPkg::Lock::Timeout=300 -o APT::Get::AllowUnauthenticated=false)
  as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get "${options[@]}" "$@"
}

# Updates apt's lists once in a run of the script.
apt_update_once() {
  [ -z "${apt_updated:-}" ] || return 0
  apt_updated=1
  echo "updating apt's package lists"
  run_logged "apt-get update" apt_get update
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# missing_packages NAME…: those which are not installed, one a line.
missing_packages() {
  local name
  for name in "$@"; do
    is_installed "$name" || echo "$name"
  done
}

# install_packages NAME…: installs what is missing, removing nothing.
install_packages() {
  local -a missing
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} != 0 ] || return 0
  echo "installing: ${missing[*]}"
  if ! apt-get -s -q install --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
    apt_update_once
  fi
  if ! (run_logged "apt-get install" apt_get install --no-install-recommends --no-remove "${missing[@]}"); then
    [ -z "${apt_updated:-}" ] || exit 1
    apt_update_once # apt's lists may name versions that the mirror has replaced
    run_logged "apt-get install" apt_get install --no-install-recommends --no-remove "${missing[@]}"
  fi
}

# archives_of SUITE: the addresses of this distribution's own archives with SUITE in place of this machine's release; lines for
# a sources.list.
archives_of() {
  local found
  found=$(list_archives "$1")
  if [ -z "$found" ]; then
    apt_update_once >&2
    found=$(list_archives "$1")
  fi
  [ -n "$found" ] || die "apt's lists name no Debian archive to take $1 from"
  echo "$found"
}

list_archives() {
  local codename
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  # shellcheck disable=SC2016  # the dollar signs are apt's
  apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v here="$codename" -v there="$1" '
      $1 == "Debian" && $3 == "main" && ($2 == here || $2 == here "-updates" || $2 == here "-security") {
        sub(here, there, $2)
        if (!seen[$2]++) print "deb " $4 " " $2 " main"
      }'
}

# What tells mmdebstrap of the proxies that apt uses, an option a line.
proxy_options() {
  local name value
  for name in Acquire::http::Proxy Acquire::https::Proxy; do
    value=
    eval "$(apt-config shell value "$name")"
    [ -z "$value" ] || echo "--aptopt=$name \"$value\""
  done
}
