# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# How QEMU is called; to be sourced. The machine is the same whenever it runs, because a saved state fits no other: disks of
# fixed sizes, the same devices, the same QEMU.

# One processor: with two, QEMU now and then takes a minute for a start of V8 that else takes a second, whatever else runs.
processors=1
memory_mib=1024
input_bytes=$((512 << 20))
output_bytes=$((64 << 20))

accelerator=tcg
if [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then
  accelerator=kvm
fi

# What a saved state depends on besides the image.
machine_version() {
  qemu-system-x86_64 --version | head -1
  echo "$processors $memory_mib $accelerator"
  [ "$accelerator" != kvm ] || grep -m 1 'model name' /proc/cpuinfo
}

# machine IMAGE-DIRECTORY RUN-DIRECTORY SECONDS ROOT-DISK-OPTIONS OPTION…: becomes QEMU. In the run directory are the disks
# "input" and "output"; "console" and what the guest's agent says ("said") go there. The ports ttyS1 and ttyS2 are the ends of
# one cable: QEMU connects to its own socket.
machine() {
  local image=$1 run=$2 limit=$3 disk=$4
  shift 4
  exec timeout --kill-after=5 "$limit" qemu-system-x86_64 -nodefaults -no-user-config -display none -nic none \
    -M pc -accel "$accelerator" -cpu max -smp "$processors" -m "$memory_mib" \
    -kernel "$image/vmlinuz" -initrd "$image/initrd" \
    -append "console=ttyS0 quiet mitigations=off nokaslr no_timer_check" \
    -drive "if=virtio,format=raw,$disk" \
    -drive "if=virtio,format=raw,file=$run/input,readonly=on" \
    -drive "if=virtio,format=raw,file=$run/output" \
    -serial "file:$run/console" \
    -chardev "socket,id=cable,path=$run/cable,server=on,wait=off" -serial chardev:cable \
    -chardev "socket,id=end,path=$run/cable" -serial chardev:end \
    -device virtio-serial-pci -chardev "file,id=said,path=$run/said" -device virtconsole,chardev=said \
    "$@"
}

# prepare_run DIRECTORY: empty disks.
prepare_run() {
  rm -f "$1"/{input,output,said,console,cable}
  : >"$1/said"
  : >"$1/console"
  truncate -s "$input_bytes" "$1/input"
  truncate -s "$output_bytes" "$1/output"
}
