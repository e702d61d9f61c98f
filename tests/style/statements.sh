#!/bin/sh
# As a test: statements are used, with all of their parameters.
exec "${top_srcdir:-$(dirname "$0")/../..}/tools/check-statements"
