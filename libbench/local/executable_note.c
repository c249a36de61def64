/*
 * Notes as small JSON files.
 */
#include "local/executable_note.h"

#include "base/error.h"
#include "base/fs.h"
#include "base/mem.h"
#include "result/json.h"

#include <stdio.h>
#include <string.h>

enum { NOTE_VERSION = 1, MAX_NOTE_BYTES = 64 << 10 };

void bench__executable_note_clear(struct bench__executable_note *note) {
    bench__free(note->program);
    bench__free(note->git_commit);
    for (size_t i = 0; i < note->n_baselines; i++) {
        bench__free(note->baselines[i]);
    }
    *note = (struct bench__executable_note){0};
}

int bench__executable_note_add_baseline(struct bench__executable_note *note, const char *name) {
    for (size_t i = 0; i < note->n_baselines; i++) {
        if (strcmp(note->baselines[i], name) == 0) {
            return 0;
        }
    }
    char *copy = bench__strdup(name);
    if (copy == NULL) {
        return BENCH_ENOMEM;
    }
    if (note->n_baselines == BENCH__NOTE_MAX_BASELINES) {
        bench__free(note->baselines[0]);
        memmove(note->baselines, note->baselines + 1,
                (BENCH__NOTE_MAX_BASELINES - 1) * sizeof *note->baselines);
        note->n_baselines--;
    }
    note->baselines[note->n_baselines++] = copy;
    return 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* A text that may be missing. */
static int read_text(char **out, const struct bench__json *root, const char *key) {
    const struct bench__json value = bench__json_get(root, key);
    const char *text = NULL;
    if (bench__json_absent(&value)) {
        return 0;
    }
    const int rc = bench__json_read_name(&text, &value);
    if (rc != 0) {
        return rc;
    }
    *out = bench__strdup(text);
    return *out != NULL ? 0 : BENCH_ENOMEM;
}

static int read_baselines(struct bench__executable_note *note, const struct bench__json *root) {
    const struct bench__json list = bench__json_get(root, "baselines");
    int rc = 0;
    for (size_t i = 0; i < bench__json_length(&list) && rc == 0; i++) {
        const struct bench__json value = bench__json_at(&list, i);
        const char *name = NULL;
        rc = bench__json_read_name(&name, &value);
        rc = rc == 0 ? bench__executable_note_add_baseline(note, name) : rc;
    }
    return rc;
}

static int read_note(struct bench__executable_note *note, const struct bench__json *root) {
    char *kept_at = NULL;
    int rc = bench__json_check_version(root, NOTE_VERSION);
    rc = rc == 0 ? read_baselines(note, root) : rc;
    rc = rc == 0 ? read_text(&note->program, root, "program") : rc;
    rc = rc == 0 ? read_text(&note->git_commit, root, "git_commit") : rc;
    rc = rc == 0 ? read_text(&kept_at, root, "kept_at") : rc;
    snprintf(note->kept_at, sizeof note->kept_at, "%s", kept_at != NULL ? kept_at : "");
    bench__free(kept_at);
    return rc;
}

int bench__executable_note_load(struct bench__executable_note *note, const char *path) {
    struct bench__json_doc doc;
    bench_error ignored = {0};
    char *text = NULL;
    size_t n = 0;
    *note = (struct bench__executable_note){0};
    int rc = bench__read_file(&text, &n, path, MAX_NOTE_BYTES, &ignored);
    rc = rc == 0 ? bench__json_parse(&doc, path, 1, text, n, &ignored) : rc;
    if (rc == 0) {
        const struct bench__json root = bench__json_root(&doc);
        rc = read_note(note, &root);
        bench__json_clear(&doc);
    }
    bench__free(text);
    if (rc != 0) {
        bench__executable_note_clear(note);
    }
    return rc == BENCH_ENOMEM ? rc : 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

int bench__executable_note_save(const struct bench__executable_note *note, const char *path,
                                bench_error *err) {
    struct bench__strbuf text;
    struct bench__json_writer w;
    bench__strbuf_init(&text);
    bench__json_writer_init(&w, &text);
    bench__json_object_open(&w, NULL, BENCH__JSON_BLOCK);
    bench__json_array_open(&w, "baselines", BENCH__JSON_LINE);
    for (size_t i = 0; i < note->n_baselines; i++) {
        bench__json_add_text(&w, NULL, note->baselines[i]);
    }
    bench__json_array_close(&w);
    bench__json_add_i64(&w, "format_version", NOTE_VERSION);
    bench__json_add_text(&w, "git_commit", note->git_commit);
    bench__json_add_text(&w, "kept_at", note->kept_at);
    bench__json_add_text(&w, "program", note->program);
    bench__json_object_close(&w);
    const int rc = bench__strbuf_text(&text) != NULL
                       ? bench__write_file_atomic(path, text.text, text.n, err)
                       : bench__error(err, BENCH_ENOMEM, "out of memory");
    bench__strbuf_clear(&text);
    return rc;
}
