#!/bin/bash
# The JavaScript clients that are no dependency of the project (kafkajs is one): GRETE_CACHE/npm. The addon of
# @confluentinc/kafka-javascript is compiled for the Node that runs this, and its tests run on that Node.
set -euo pipefail
. "$(dirname "$0")/part.sh"
part npm "$0" "$setup_folder/npm-clients.json" "$(node --version)"
folder=$GRETE_CACHE/npm
rm -rf "$folder"; mkdir -p "$folder"; cd "$folder"
cp "$setup_folder/npm-clients.json" package.json
# Linked dynamically, against Debian's libraries; its makefile does not bear several jobs. (Newer versions of npm run
# an install script only where package.json allows it by name.)
# Installed without scripts first: then the compiler runs alone, and its output is at the end of the log.
npm install --no-audit --no-fund --ignore-scripts >>"$part_log" 2>&1
CKJS_LINKING=dynamic npm rebuild --foreground-scripts @confluentinc/kafka-javascript >>"$part_log" 2>&1
node -e "require('@confluentinc/kafka-javascript')" >>"$part_log" 2>&1
node --print process.execPath >"$folder/node-of-addon"
part_done
