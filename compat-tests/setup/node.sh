#!/bin/bash
# The versions of Node on which the broker must start, from npm: GRETE_CACHE/node/{20,22,24,26}/bin/node.
set -euo pipefail
. "$(dirname "$0")/part.sh"
case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
part node "$0" "$arch"
folder=$GRETE_CACHE/node
rm -rf "$folder"; mkdir -p "$folder"; cd "$folder"
# The package `node` only picks one of these by an install script; asked for by name they need none.
# 20.19.0 is the oldest that the package's `engines` allows.
cat >package.json <<JSON
{ "private": true, "dependencies": {
  "node-20": "npm:node-linux-$arch@20.19.0", "node-22": "npm:node-linux-$arch@^22.22.0",
  "node-24": "npm:node-linux-$arch@^24.6.0", "node-26": "npm:node-linux-$arch@^26.0.0" } }
JSON
npm install --no-audit --no-fund --ignore-scripts >>"$part_log" 2>&1
for major in 20 22 24 26; do
  ln -sfn "node_modules/node-$major" "$major"
  "$folder/$major/bin/node" --version >>"$part_log"
done
part_done
