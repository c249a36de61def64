/*
 * Both ends of the process in which another allocator is measured, and the load: a table of
 * messages of mixed sizes, most of which are soon replaced while some stay long.
 */
#include "allocator_child.h"

#include <fcntl.h>
#include <malloc.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocations.h"
#include "fixtures.h"

#define MARK "RUN_BENCHES_ALLOCATOR_CHILD" /* its value is the allocator's name */

struct allocator {
    const char *name, *library, *not_there;
};

static const struct allocator allocators[] = {
    {"glibc", "libc.so.6", "malloc is not that of libc.so.6"},
    {"jemalloc", "libjemalloc.so.2", "no libjemalloc.so.2 is installed (libjemalloc2)"},
    {"tcmalloc", "libtcmalloc_minimal.so.4",
     "no libtcmalloc_minimal.so.4 is installed (libtcmalloc-minimal4)"},
    {"mimalloc", "libmimalloc.so.2", "no libmimalloc.so.2 is installed (libmimalloc2.0)"},
};

static const struct allocator *find_allocator(const char *name) {
    for (size_t i = 0; i < sizeof allocators / sizeof allocators[0]; i++) {
        if (strcmp(allocators[i].name, name) == 0) {
            return &allocators[i];
        }
    }
    return NULL;
}

/* ---- the load -------------------------------------------------------------------------------- */

enum {
    SLOTS = 4096,
    LONG_LIVED = 16 /* one slot of so many is replaced as rarely */
};

struct load {
    uint64_t random;
    uint64_t n_wrong;
    struct {
        unsigned char *message;
        size_t size;
    } slots[SLOTS];
};

static uint64_t next_random(struct load *l) {
    l->random ^= l->random << 13;
    l->random ^= l->random >> 7;
    l->random ^= l->random << 17;
    return l->random;
}

static void drop(struct load *l, size_t slot) {
    unsigned char *message = l->slots[slot].message;
    if (message) {
        l->n_wrong += message[0] != slot % 251 || message[l->slots[slot].size - 1] != slot % 251;
    }
    free(message);
    l->slots[slot].message = NULL;
}

/* Its header is written, and its last byte. */
static void replace(struct load *l, size_t slot, size_t size) {
    drop(l, slot);
    unsigned char *message = malloc(size);
    if (!message) {
        l->n_wrong++;
        return;
    }
    memset(message, (int)(slot % 251), MESSAGE_HEADER);
    message[size - 1] = (unsigned char)(slot % 251);
    l->slots[slot].message = message;
    l->slots[slot].size = size;
}

static void run_load(struct load *l, uint64_t iterations) {
    static const size_t sizes[] = {MESSAGE_HEADER + 100, MESSAGE_HEADER + 1024,
                                   MESSAGE_HEADER + 10240};
    for (uint64_t i = 0; i < iterations * ALLOCATOR_CHILD_OPERATIONS; i++) {
        const uint64_t random = next_random(l);
        size_t slot = random % SLOTS;
        if (slot % LONG_LIVED == 0 && (random >> 16) % LONG_LIVED != 0) {
            slot++;
        }
        replace(l, slot, sizes[(random >> 24) % 3]);
    }
}

/* Only what lives long is left: how much of the heap is free, and held all the same? */
static double fragmentation(struct load *l) {
    for (size_t slot = 0; slot < SLOTS; slot++) {
        if (slot % LONG_LIVED != 0) {
            drop(l, slot);
        }
    }
    const struct mallinfo2 heap = mallinfo2();
    return heap.arena ? (double)heap.fordblks / (double)heap.arena : -1;
}

/* ---- the child ------------------------------------------------------------------------------- */

/* Answers requests on standard input, each of so many iterations; 0: how fragmented is the heap? */
static int serve(const struct allocator *a) {
    static struct load load = {.random = 88172645463325252u};
    const char is_loaded = (char)(strcmp(allocations_library(), a->library) == 0);
    uint64_t iterations;
    if (write(STDIN_FILENO, &is_loaded, 1) != 1) {
        return 1;
    }
    while (read(STDIN_FILENO, &iterations, sizeof iterations) == sizeof iterations) {
        struct allocator_report report = {.fragmentation = -1};
        const int64_t from_ns = fx_now_ns();
        run_load(&load, iterations);
        report.elapsed_ns = (double)(fx_now_ns() - from_ns);
        if (iterations == 0 && allocations_are_glibc()) {
            report.fragmentation = fragmentation(&load);
        }
        report.n_wrong = load.n_wrong;
        load.n_wrong = 0;
        if (write(STDIN_FILENO, &report, sizeof report) != sizeof report) {
            return 1;
        }
    }
    return 0;
}

int allocator_child_main(int *exit_code) {
    const char *name = getenv(MARK);
    const struct allocator *a = name ? find_allocator(name) : NULL;
    if (a) {
        *exit_code = serve(a);
    }
    return a != NULL;
}

/* ---- the parent ------------------------------------------------------------------------------ */

/* This process's variables and two more; the caller frees the array. */
static char **child_environment(char *mark, char *preload) {
    size_t n = 0, n_kept = 0;
    while (environ[n]) {
        n++;
    }
    char **variables = calloc(n + 3, sizeof *variables);
    if (!variables) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0) {
            variables[n_kept++] = environ[i];
        }
    }
    variables[n_kept++] = mark;
    variables[n_kept] = preload;
    return variables;
}

/* With the socket as standard input, and nothing to print to. @return as posix_spawn(). */
static int spawn_child(pid_t *pid, int socket, const struct allocator *a) {
    char mark[64], preload[64];
    char *arguments[] = {(char[]){"run_benches"}, NULL};
    posix_spawn_file_actions_t actions;
    snprintf(mark, sizeof mark, MARK "=%s", a->name);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", a->library);
    char **variables = child_environment(mark, preload);
    if (!variables) {
        return -1;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    const int code = posix_spawn(pid, "/proc/self/exe", &actions, NULL, arguments, variables);
    posix_spawn_file_actions_destroy(&actions);
    free(variables);
    return code;
}

const char *allocator_child_start(struct allocator_child *child, const char *name) {
    const struct allocator *a = find_allocator(name);
    int sockets[2];
    char is_loaded;
    if (!a) {
        return "allocator: one of glibc, jemalloc, tcmalloc, mimalloc";
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        return "no socket";
    }
    const int code = spawn_child(&child->pid, sockets[1], a);
    close(sockets[1]);
    if (code != 0) {
        close(sockets[0]);
        child->pid = 0;
        return "this executable cannot be started again";
    }
    child->socket = sockets[0];
    if (read(child->socket, &is_loaded, 1) != 1) {
        return "the process with the allocator ended at once";
    }
    child->is_missing = !is_loaded;
    return is_loaded ? NULL : a->not_there;
}

int allocator_child_run(struct allocator_report *out, struct allocator_child *child,
                        uint64_t iterations) {
    const int is_sent =
        send(child->socket, &iterations, sizeof iterations, MSG_NOSIGNAL) == sizeof iterations;
    return is_sent && recv(child->socket, out, sizeof *out, MSG_WAITALL) == sizeof *out ? 0 : -1;
}

void allocator_child_stop(struct allocator_child *child) {
    if (child->pid > 0) {
        close(child->socket); /* upon which it ends */
        waitpid(child->pid, NULL, 0);
    }
}
