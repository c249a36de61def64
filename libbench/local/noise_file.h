/*
 * local/noise_file.h - noise records in files, one per machine class: DIR/noise/CLASS.json below
 * bench__state_dir(). Two runs that end at once both get in; a file that cannot be read is kept
 * beside the new one, never overwritten.
 */
#ifndef BENCH_LOCAL_NOISE_FILE_H
#define BENCH_LOCAL_NOISE_FILE_H

#include "base/strbuf.h"
#include "local/noise_record.h"

enum { BENCH__NOISE_FORMAT_VERSION = 1 };

/** Appends a record as the text of its file. Without memory, `out` says so. */
void bench__noise_print(struct bench__strbuf *out, const struct bench__noise_record *record);

/**
 * Loads the record of a machine class; one that has no file yet is empty. Changes nothing.
 * @param out to be cleared with bench__noise_clear() after success and failure alike.
 * @return 0, BENCH_EFORMAT (err says where), BENCH_EVERSION for a newer format, BENCH_EIO,
 * BENCH_ENOMEM.
 */
int bench__noise_load(struct bench__noise_record *out, const char *state_dir, const char *machine,
                      bench_error *err);

/**
 * Loads a record, changes it and writes it back, while no one else does. A damaged file is renamed
 * to CLASS.json.damaged first, and the change is made to an empty record; one of a newer format is
 * left alone.
 * @param change returns 0 or an error, and then nothing is written.
 * @param note set to what was damaged and where it is now; never set otherwise.
 * @return 0, BENCH_EVERSION, BENCH_EIO, BENCH_ENOMEM, or what `change` returned.
 */
int bench__noise_update(const char *state_dir, const char *machine,
                        int (*change)(struct bench__noise_record *record, void *context),
                        void *context, bench_error *note, bench_error *err);

#endif
