#!/bin/bash
# What builds and runs the container image. With Docker there is nothing to do: it pulls the base image. Without, podman is installed, and
# since no registry of images may be in reach, a stand-in for the base image is made of Debian's packages and npm's `node`.
set -euo pipefail
. "$(dirname "$0")/part.sh"
engine=$compat_folder/image/engine.sh
[ "$("$engine" name)" = podman ] || exit 0
part image "$0" "$engine"
folder=$GRETE_CACHE/image
mkdir -p "$folder"
as_root=; [ "$(id -u)" = 0 ] || as_root=sudo
wanted='podman runc netavark aardvark-dns iptables debootstrap'
dpkg-query -W $wanted >>"$part_log" 2>&1 || {
  $as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted
} >>"$part_log" 2>&1
# runc, since crun refuses hybrid cgroups; limits below the hard ones of a small machine.
cat >"$folder/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
events_logger = "file"
CONF

"$(dirname "$0")/node.sh"
base=docker.io/library/node:24-bookworm-slim
rootfs=$folder/rootfs
if ! "$engine" image exists $base; then
  mirror=$(sed -n 's/^URIs: //p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
  $as_root rm -rf "$rootfs"
  $as_root debootstrap --variant=minbase --include=libatomic1,ca-certificates bookworm "$rootfs" \
    "${mirror:-http://deb.debian.org/debian}" >>"$part_log" 2>&1
  cp "$GRETE_CACHE/node/24/bin/node" "$rootfs/usr/local/bin/node"
  cp -r "$(npm root -g 2>/dev/null)/npm" "$rootfs/usr/local/lib/npm"
  printf '#!/bin/sh\nexec node /usr/local/lib/npm/bin/npm-cli.js "$@"\n' >"$rootfs/usr/local/bin/npm"
  chmod +x "$rootfs/usr/local/bin/npm"
  # The certificates that this machine trusts, for the build's downloads.
  cp /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/ca-certificates.crt"
  tar -C "$rootfs" -c . | "$engine" import --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - $base >>"$part_log" 2>&1
  rm -rf "$rootfs"
fi
part_done
