#!/bin/sh
# The rules of the house that a machine can see, as a test.
exec "${top_srcdir:-$(dirname "$0")/../..}/tools/check-style"
