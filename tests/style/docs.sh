#!/bin/sh
# Every document and source file that is named somewhere exists, as a test.
exec "${top_srcdir:-$(dirname "$0")/../..}/tools/check-docs"
