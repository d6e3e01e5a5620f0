#!/bin/bash
# The Python clients of today in an environment of their own: GRETE_CACHE/python/bin/python. Debian's old ones are
# packages for /usr/bin/python3.
set -euo pipefail
. "$(dirname "$0")/part.sh"
part python "$0" "$setup_folder/python-clients.txt"
folder=$GRETE_CACHE/python
rm -rf "$folder"
/usr/bin/python3 -m venv "$folder" >>"$part_log" 2>&1
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$setup_folder/python-clients.txt" >>"$part_log" 2>&1
part_done
