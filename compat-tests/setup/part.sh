# What every part of the set-up shares; sourced, never run.
export GRETE_CACHE=${GRETE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/grete}
setup_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
compat_folder=$(dirname "$setup_folder")

# part NAME INPUT… : ends the script when NAME was made from these very inputs (texts or files) already; else takes a
# lock, since two checkouts may set up at once, and leaves the rest of the script to make it and to call `part_done`.
part() {
  part_name=$1; shift
  part_log=$GRETE_CACHE/setup-$part_name.log
  mkdir -p "$GRETE_CACHE"
  exec 9>"$GRETE_CACHE/.lock-$part_name"
  flock 9
  part_stamp=$(for input in "$@"; do if [ -f "$input" ]; then cat "$input"; else echo "$input"; fi; done | sha256sum)
  if [ "$(cat "$GRETE_CACHE/.stamp-$part_name" 2>/dev/null)" = "$part_stamp" ]; then exit 0; fi
  part_began=$SECONDS
  trap '[ $? = 0 ] || { echo "setup: $part_name failed, the end of $part_log:"; tail -n 15 "$part_log"; } >&2' EXIT
  : >"$part_log"
}

part_done() {
  echo "$part_stamp" >"$GRETE_CACHE/.stamp-$part_name"
  echo "setup: $part_name ($((SECONDS - part_began)) s)"
}
