#!/bin/bash
# The driver of franz-go, built as one program: GRETE_CACHE/franz-go/driver.
set -euo pipefail
. "$(dirname "$0")/part.sh"
part go "$0" "$compat_folder"/franz-go/{go.mod,go.sum,*.go}
folder=$GRETE_CACHE/franz-go
mkdir -p "$folder"
toolchain=1.26.8
go=go
if ! printf '%s\n' go1.26 "$(go env GOVERSION)" | sort -CV; then
  # An old distribution's Go cannot build franz-go, and may be too old to fetch a newer one by itself; but the
  # newer one is a module like any other.
  case $(uname -m) in x86_64) arch=amd64 ;; *) arch=arm64 ;; esac
  mkdir -p "$folder/toolchain" && cd "$folder/toolchain"
  [ -f go.mod ] || go mod init toolchain >>"$part_log" 2>&1
  root=$(GOFLAGS=-mod=mod go mod download -json "golang.org/toolchain@v0.0.1-go$toolchain.linux-$arch" 2>>"$part_log" |
    sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
  rm -rf "$folder/go" && cp -r "$root" "$folder/go" && chmod -R u+w "$folder/go"
  chmod +x "$folder"/go/bin/* "$folder"/go/pkg/tool/*/*
  go=$folder/go/bin/go
fi
cd "$compat_folder/franz-go"
GOTOOLCHAIN=local GOFLAGS=-mod=readonly "$go" build -o "$folder/driver" . >>"$part_log" 2>&1
part_done
