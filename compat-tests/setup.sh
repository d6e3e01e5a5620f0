#!/bin/bash
# Installs what the compatibility tests need, into GRETE_CACHE (default ~/.cache/grete), so that every checkout on
# a machine shares it. A part whose stamp fits its inputs is left as it is: the second call takes no time.
#   setup.sh [PART…]     parts: debian node npm python java go image (default: all)
# Debian packages are installed as root, or with sudo where there is one; a machine that has them needs neither.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/setup/part.sh"
mkdir -p "$GRETE_CACHE"
parts=${*:-debian node npm python java go image}

# Everything else may stand on Debian's packages; the rest is independent of one another.
case " $parts " in *' debian '*) "$here/setup/debian.sh" ;; esac
pids=()
for part in $parts; do
  [ "$part" = debian ] || { "$here/setup/$part.sh" & pids+=($!); }
done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
[ $failed = 0 ] || { echo 'setup: a part failed, its reason stands above' >&2; exit 1; }
