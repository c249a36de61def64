/* support/scratch.h - a directory for one test, and command lines that name it. */
#ifndef TEST_CLI_SCRATCH_H
#define TEST_CLI_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRATCH_SIZE = 64, SCRATCH_MAX_WORDS = 24 };

/** A new empty directory; its path into dir. */
static inline void scratch_make(char dir[SCRATCH_SIZE]) {
    snprintf(dir, SCRATCH_SIZE, "/tmp/bench-cli-XXXXXX");
    if (mkdtemp(dir) == NULL)
        abort();
}

static inline void scratch_remove(const char *dir) {
    char command[SCRATCH_SIZE + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    if (strncmp(dir, "/tmp/bench-cli-", 15) != 0 || system(command) != 0)
        abort();
}

/** argv made of words; plain data. */
struct scratch_line {
    char text[4096];
    int argc;
    char *argv[SCRATCH_MAX_WORDS + 1]; /* ended by NULL */
};

/** Splits words at blanks, with `program` in front; '$' stands for dir. */
static inline void scratch_split(struct scratch_line *line, const char *program, const char *words,
                                 const char *dir) {
    size_t n = (size_t)snprintf(line->text, sizeof line->text, "%s ", program);
    for (; *words != '\0' && n + SCRATCH_SIZE < sizeof line->text; words++) {
        if (*words == '$')
            n += (size_t)snprintf(line->text + n, sizeof line->text - n, "%s", dir);
        else
            line->text[n++] = *words;
    }
    line->text[n] = '\0';
    line->argc = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line->text, " ", &rest);
         word != NULL && line->argc < SCRATCH_MAX_WORDS; word = strtok_r(NULL, " ", &rest))
        line->argv[line->argc++] = word;
    line->argv[line->argc] = NULL;
}

#endif
