/*
 * benchctl baseline cache and prune: the executables that are kept for baselines on this machine.
 * Removing one loses no result.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/table.h"
#include "base/units.h"
#include "ctl/commands.h"
#include "local/executables.h"

#include <stdio.h>
#include <time.h>

enum { SHORT_HASH = 12 };

static int add_row(struct bench__table *table, const struct bench__kept_executable *e) {
    char size[32], id[SHORT_HASH + 1], commit[SHORT_HASH + 1], used[32];
    const time_t seconds = (time_t)(e->used_at_ns / 1000000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(used, sizeof used, "%Y-%m-%d %H:%M", &utc);
    snprintf(id, sizeof id, "%s", e->id);
    snprintf(commit, sizeof commit, "%s", e->git_commit != NULL ? e->git_commit : "-");
    bench__format_bytes(size, sizeof size, (double)e->bytes, 3);
    const char *cells[] = {e->program != NULL ? e->program : "-",
                           e->baselines != NULL ? e->baselines : "-",
                           commit,
                           used,
                           size,
                           id};
    return bench__table_row(table, cells);
}

static int print_kept(const struct bench__kept_executable *kept, size_t n, bench_error *err) {
    static const enum bench__align align[] = {BENCH__LEFT, BENCH__LEFT,  BENCH__LEFT,
                                              BENCH__LEFT, BENCH__RIGHT, BENCH__LEFT};
    static const char *const titles[] = {"program",         "kept for", "commit",
                                         "last used (UTC)", "size",     "id"};
    struct bench__strbuf text;
    bench__strbuf_init(&text);
    struct bench__table *table = bench__table_new(6, align);
    int rc = table != NULL ? bench__table_row(table, titles) : BENCH_ENOMEM;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = add_row(table, &kept[i]);
    if (rc == 0)
        bench__table_write(table, &text, 2);
    if (rc != 0 || text.failed)
        rc = bench__error(err, BENCH_ENOMEM, "out of memory");
    else
        fputs(bench__strbuf_text(&text), stdout);
    bench__strbuf_clear(&text);
    bench__table_free(table);
    return rc;
}

static const char *executables(size_t n) {
    return n == 1 ? "executable" : "executables";
}

static void print_total(const struct bench__kept_executable *kept, size_t n, int64_t room) {
    char size[32], most[32];
    int64_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += kept[i].bytes;
    char *dir = bench__executables_dir();
    printf("%zu %s, %s of %s, in %s\n", n, executables(n),
           bench__format_bytes(size, sizeof size, (double)bytes, 3),
           bench__format_bytes(most, sizeof most, (double)room, 3), dir != NULL ? dir : "-");
    bench__free(dir);
}

int benchctl_baseline_cache(const struct bench__cli_options *options, bench_error *err) {
    struct bench__kept_executable *kept = NULL;
    size_t n = 0;
    int rc = bench__executables_list(&kept, &n, err);
    if (rc == 0 && n > 0)
        rc = print_kept(kept, n, err);
    if (rc == 0)
        print_total(kept, n, options->cache_size_bytes);
    bench__executables_list_free(kept, n);
    return rc;
}

int benchctl_baseline_prune(const struct bench__cli_options *options, bench_error *err) {
    struct bench__pruned pruned;
    char freed[32], left[32];
    int rc = bench__executables_prune(options->cache_size_bytes, &pruned, err);
    printf("Removed %zu %s (%s); %zu left (%s).\n", pruned.n_removed, executables(pruned.n_removed),
           bench__format_bytes(freed, sizeof freed, (double)pruned.bytes_removed, 3), pruned.n_left,
           bench__format_bytes(left, sizeof left, (double)pruned.bytes_left, 3));
    return rc;
}
