#!/bin/sh
# As a test: the rules of the house that a machine can check.
exec "${top_srcdir:-$(dirname "$0")/../..}/tools/check-style"
