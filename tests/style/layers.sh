#!/bin/sh
# As a test: the order of the rooms.
exec "${top_srcdir:-$(dirname "$0")/../..}/tools/check-layers"
