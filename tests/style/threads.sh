#!/bin/sh
# As a test: which unit tests ThreadSanitizer runs.
exec "${top_srcdir:-$(dirname "$0")/../..}/tools/check-threads"
