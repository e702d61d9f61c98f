#!/bin/sh
# As a test: every document and source file that is named somewhere exists.
exec "${top_srcdir:-$(dirname "$0")/../..}/tools/check-docs"
