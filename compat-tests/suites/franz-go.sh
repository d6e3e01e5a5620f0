#!/bin/bash
# franz-go's own tests (BSD-3-Clause) on a running broker, through the module proxy.
#   franz-go.sh HOST:PORT [PATTERN OF GO TEST]      default: all but those of share groups and SCRAM
# RECORDS (50000): how many its chains of groups pass on. The last line: N passed, N failed, N skipped.
set -uo pipefail
. "$(dirname "$0")/../setup/part.sh"
folder=$GRETE_CACHE/franz-go-suite
export GOTOOLCHAIN=local KGO_SEEDS=$1 KGO_TEST_RF=1 KGO_TEST_RECORDS=${RECORDS:-50000}
go=go; [ ! -x "$GRETE_CACHE/franz-go/go/bin/go" ] || go=$GRETE_CACHE/franz-go/go/bin/go
mkdir -p "$folder"; cd "$folder"
if [ ! -f go.sum ]; then
  version=$(sed -n 's/^\tgithub.com\/twmb\/franz-go \(v[^ ]*\).*/\1/p' "$compat_folder/franz-go/go.mod")
  { "$go" mod init suite; "$go" get -t "github.com/twmb/franz-go/pkg/kgo@$version"; } >build.log 2>&1 || { tail -n 15 build.log; rm -f go.sum go.mod; exit 2; }
fi
chosen=(-skip 'TestShareGroup|SCRAM')
[ $# = 1 ] || chosen=(-run "$2")
timeout -k 10 "${LIMIT_S:-900}" "$go" test -count=1 -v "${chosen[@]}" github.com/twmb/franz-go/pkg/kgo >log 2>&1
grep -E '^\s*--- FAIL' log
count() { grep -cE "^\s*--- $1" log; }
[ "$(count PASS)" != 0 ] || tail -n 15 log
grep -qE '^(ok|FAIL)\s' log || echo "did not end: $folder/log"
echo "$(count PASS) passed, $(count FAIL) failed, $(count SKIP) skipped"
grep -qE '^ok\s' log
