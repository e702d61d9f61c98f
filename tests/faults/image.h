/*
 * Looks into files that a power cut left: the outbox must open them, every page must be sound, and
 * what they hold is summed up as one number, so that two states can be compared.
 */
#ifndef FAULTS_IMAGE_H
#define FAULTS_IMAGE_H

#include <stdint.h>

#include "faults/life.h"

#define IMAGE_WHY 512 /* bytes of ret_why */

/*
 * Opens the outbox in the directory, which recovers it, and checks every page. Returns 0 and the
 * hash of all rows of all tables, or -1 and why. With a life, every promise of it that is in force
 * at the moment must be kept, and the audit must be truthful. Afterward the outbox must take an
 * event.
 */
int image_check(const char *directory, const char *database, const struct life *life, size_t moment,
    uint64_t *ret_hash, char *ret_why);
/* Checks only the files that were promised. */
int image_check_files(const char *directory, const struct life *life, size_t moment, char *ret_why);

#endif
