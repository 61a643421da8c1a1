#!/bin/sh
# Stands in for the runtime: keeps the arguments and the configuration that Miniflare would start it with.
cat > "$TIDEMARK_RECORD" && printf '%s\n' "$@" > "$TIDEMARK_RECORD.arguments"
