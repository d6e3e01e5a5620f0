#!/bin/bash
# Whatever builds and runs images here: Docker where there is one, else podman with a store of its own in GRETE_CACHE,
# so that the stand-in for the base image never gets among somebody's images.  engine.sh build|run|… ARGUMENTS
set -euo pipefail
cache=${GRETE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/grete}/image
if [ "${1:-}" = name ]; then ask=1; else ask=0; fi
if docker info >/dev/null 2>&1; then
  [ $ask = 0 ] || { echo docker; exit; }
  exec docker "$@"
fi
[ $ask = 0 ] || { echo podman; exit; }
export CONTAINERS_CONF=$cache/containers.conf
exec podman --root "$cache/store" --runroot "$cache/run" "$@"
