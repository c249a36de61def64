/*
 * Asks git three questions. Never fails: what git does not tell stays empty.
 */
#include "run/revision.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Reads up to size-1 bytes of the command's output, and the rest into nothing. @return 0 if it
 * exits 0. */
static int ask(char *out, size_t size, char *const argv[]) {
    int fds[2];
    pid_t pid;
    size_t n = 0;
    out[0] = '\0';
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return -1;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
    const int failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    char chunk[1024];
    ssize_t got;
    while (!failed && (got = read(fds[0], chunk, sizeof chunk)) > 0) {
        const size_t room = size - 1 - n, take = (size_t)got < room ? (size_t)got : room;
        memcpy(out + n, chunk, take);
        n += take;
    }
    close(fds[0]);
    out[n] = '\0';
    int status = 1;
    if (failed || waitpid(pid, &status, 0) < 0) {
        return -1;
    }
    return status == 0 ? 0 : -1;
}

static void first_line(char *text) {
    text[strcspn(text, "\n")] = '\0';
}

/* The commands take no user input: their words may be modified by nobody. */
#define WORDS(...) ((char *const[]){__VA_ARGS__, NULL})

void bench__revision_read(char *commit, size_t commit_size, char *branch, size_t branch_size) {
    char git[] = "git", rev_parse[] = "rev-parse", head[] = "HEAD", abbrev[] = "--abbrev-ref";
    char status[] = "status", porcelain[] = "--porcelain", no_untracked[] = "--untracked-files=no";
    char hash[72], changes[8];
    commit[0] = branch[0] = '\0';
    if (ask(hash, sizeof hash, WORDS(git, rev_parse, head)) != 0) {
        return;
    }
    first_line(hash);
    const int dirty =
        ask(changes, sizeof changes, WORDS(git, status, porcelain, no_untracked)) == 0 &&
        changes[0] != '\0';
    snprintf(commit, commit_size, "%s%s", hash, dirty ? "-dirty" : "");
    if (ask(branch, branch_size, WORDS(git, rev_parse, abbrev, head)) != 0) {
        branch[0] = '\0';
    }
    first_line(branch);
}
