/*
 * A VFS over SQLite's own that makes the Nth writing call fail, for tests that try every point at
 * which a disk can fail. The process has one, installed as the default.
 */
#ifndef FAULTS_FAULTY_VFS_H
#define FAULTS_FAULTY_VFS_H

#include <stdbool.h>

/* In place of a code: the process ends before the call, with this exit status. */
#define FAULTY_VFS_DIE (-1)
#define FAULTY_VFS_DIED 9

void faulty_vfs_install(void);
/*
 * Makes the Nth (from 1) write, sync or truncate from now on fail with this SQLite code; with
 * `stays`, all later ones too. 0: none fails.
 */
void faulty_vfs_fail_at(int nth, int code, bool stays);
/* Returns the number of calls since faulty_vfs_fail_at. */
int faulty_vfs_calls(void);
/* Whether the failure has happened. */
bool faulty_vfs_fired(void);

#endif
