#!/bin/sh
# Statements are used, and given all of their parameters, as a test.
exec "${top_srcdir:-$(dirname "$0")/../..}/tools/check-statements"
