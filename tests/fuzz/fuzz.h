/*
 * What every fuzz target includes. A target is one file, tests/fuzz/fuzz_NAME.c, with
 * LLVMFuzzerTestOneInput in it; its seeds are the files in tests/fuzz/corpus/NAME. The same file
 * runs under libFuzzer (configure --enable-fuzzers, clang) and under the driver in driver.c, which
 * make check uses. tests/fuzz/local.mk says how to add one.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* data is a copy that ends with the input, so that sanitizers detect a read past it. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A condition that must hold for every input. */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz_fail(__FILE__, __LINE__, #condition);                                 \
	} while (0)

static inline _Noreturn void
fuzz_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

#endif
