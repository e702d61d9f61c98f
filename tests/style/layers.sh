#!/bin/sh
# The order of the layers, as a test.
exec "${top_srcdir:-$(dirname "$0")/../..}/tools/check-layers"
