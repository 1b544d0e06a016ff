#!/usr/bin/env bash
# Runs COMMAND with a display, a virtual one where there is none.
set -euo pipefail
if [[ -n ${DISPLAY:-} ]]; then exec "$@"; fi
exec xvfb-run -a -s '-screen 0 1920x1200x24 -noreset' "$@"
