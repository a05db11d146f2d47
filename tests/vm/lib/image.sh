# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Makes the image of a Debian release and boots it once; to be sourced after machine.sh. Everything is made from Debian's
# packages. Wants $here (tests/vm) and $cache.
# shellcheck disable=SC2154

image_files=$here/image

# image_packages SUITE
image_packages() {
  awk -v suite="$1" '!/^#/ && ($2 == "all" || $2 == suite) { print $1 }' "$image_files/packages"
}

# Names the directory that holds the image of SUITE, by what it is made of.
image_directory() {
  local key
  key=$({
    image_packages "$1"
    cat "$image_files"/{setup,agent,i2c_stub_raw.c} "$here"/lib/{machine,image}.sh
    machine_version
  } | sha256sum | cut -c 1-12)
  echo "$cache/$1-$key"
}

# make_image SUITE DIRECTORY: kernel, initial RAM disk and root disk.
make_image() {
  local suite=$1 directory=$2 log=$2/build.log
  local -a proxies
  mapfile -t proxies < <(proxy_options)
  archives_of "$suite" >"$directory/sources.list"
  # shellcheck disable=SC2016  # the dollar sign is the hook's
  mmdebstrap --mode=root --variant=minbase --include="$(image_packages "$suite" | paste -s -d ,)" "${proxies[@]}" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
    --customize-hook="copy-in $image_files /tmp" \
    --customize-hook='chroot "$1" /tmp/image/setup /tmp/image' --customize-hook='rm -rf "$1/tmp/image"' \
    "$suite" "$directory/root" "$directory/sources.list" >"$log" 2>&1 </dev/null 8>&- || {
    tail -n 60 "$log" >&2
    die "mmdebstrap $suite failed; all it said is in $log"
  }
  mv "$directory"/root/boot/{vmlinuz,initrd} "$directory/"
  truncate -s 2G "$directory/disk"
  mkfs.ext4 -q -F -O ^has_journal,^metadata_csum -d "$directory/root" "$directory/disk"
  rm -rf "$directory/root"
}

# save_state DIRECTORY: boots the image, and saves the machine's memory once the agent waits. What the boot changed on the
# disk is on the disk: both belong together.
save_state() {
  local directory=$1 run=$1/boot
  mkdir -p "$run"
  prepare_run "$run"
  coproc MACHINE { machine "$directory" "$run" 600 "file=$directory/disk" -monitor stdio >"$run/monitor"; }
  local monitor=${MACHINE[1]}
  qemu=$MACHINE_PID # ended with this program
  until grep -q '^VM-READY' "$run/said"; do
    if ! kill -0 "$qemu" 2>/dev/null; then
      cat "$run/console" "$run/said" >&2
      die "the guest did not boot"
    fi
    sleep 0.2
  done
  printf 'migrate "exec:cat > %s/state"\nquit\n' "$directory" >&"$monitor"
  wait "$qemu"
  qemu=
  rm -rf "$run"
}

# need_image SUITE: makes it unless it is there, and leaves its directory in $image, locked against removal while this
# program runs.
need_image() {
  local lock
  image=$(image_directory "$1")
  mkdir -p "$cache"
  exec 8>"$image.lock"
  flock --shared 8
  if [ ! -e "$image/complete" ]; then
    flock --exclusive 8
  fi
  if [ ! -e "$image/complete" ]; then # nobody else has made it in between
    rm -rf "$image"
    mkdir -p "$image"
    make_image "$1" "$image"
    save_state "$image"
    touch "$image/complete"
    find "$cache" -name "$1-*.lock" -mtime +7 | while read -r lock; do
      flock --exclusive --nonblock "$lock" rm -rf "${lock%.lock}" "$lock" || true
    done
  fi
  flock --shared 8
}
