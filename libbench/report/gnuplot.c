/*
 * Starts gnuplot, waits for it, and kills it when it takes too long. What it draws is decided in
 * plots.c; its output is made safe in svg.c.
 */
#include "report/gnuplot.h"

#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* In the child: only async-signal-safe calls, for the program may have threads. */
static void become_gnuplot(const char *program, const char *directory, const char *script) {
    int null = open("/dev/null", O_RDWR);
    setpgid(0, 0);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
        chdir(directory) != 0) {
        _exit(127);
    }
    execl(program, program, "-d", script, (char *)NULL);
    _exit(127);
}

/* @return 1 when the process ended within its time; *out_status is then its wait status. */
static int wait_until(pid_t pid, int64_t deadline_ns, int *out_status) {
    for (;;) {
        pid_t ended = waitpid(pid, out_status, WNOHANG);
        if (ended == pid) {
            return 1;
        }
        if ((ended < 0 && errno != EINTR) || now_ns() >= deadline_ns) {
            return 0;
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

static void kill_group(pid_t pid) {
    int status;
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL); /* it may not have made its group yet */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
}

static int run(const char *program, const char *directory, const char *script, int64_t timeout_ns,
               char *note, size_t note_size) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        become_gnuplot(program, directory, script);
    }
    if (pid < 0) {
        snprintf(note, note_size, "plots: gnuplot could not be started (%s), skipped",
                 strerror(errno));
        return 0;
    }
    if (!wait_until(pid, now_ns() + timeout_ns, &status)) {
        kill_group(pid);
        snprintf(note, note_size, "plots: gnuplot took over %d s, skipped",
                 (int)(timeout_ns / 1000000000));
        return 0;
    }
    if (WIFSIGNALED(status)) {
        snprintf(note, note_size, "plots: gnuplot crashed (signal %d), skipped", WTERMSIG(status));
        return 0;
    }
    if (WEXITSTATUS(status) != 0) {
        snprintf(note, note_size, "plots: gnuplot failed (exit code %d), skipped",
                 WEXITSTATUS(status));
        return 0;
    }
    return 1;
}

int bench__gnuplot_run(const char *directory, const char *script, int64_t timeout_ns, char *note,
                       size_t note_size) {
    char *program = bench__find_program("gnuplot");
    if (program == NULL) {
        snprintf(note, note_size, "plots: gnuplot not found, skipped");
        return 0;
    }
    int ok = run(program, directory, script, timeout_ns, note, note_size);
    bench__free(program);
    return ok;
}

static void become_version(const char *program, int out) {
    int null = open("/dev/null", O_RDWR);
    setpgid(0, 0);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0) {
        _exit(127);
    }
    execl(program, program, "--version", (char *)NULL);
    _exit(127);
}

/* What fits into a pipe is read after the end; a program that says more is stuck, and killed. */
static void read_version(const char *program, char *out, size_t size, int64_t timeout_ns) {
    int fds[2], status = 1;
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        become_version(program, fds[1]);
    }
    close(fds[1]);
    if (pid > 0 && !wait_until(pid, now_ns() + timeout_ns, &status)) {
        kill_group(pid);
        status = 1;
    }
    if (pid > 0 && status == 0) {
        ssize_t n = read(fds[0], out, size - 1);
        out[n > 0 ? n : 0] = '\0';
        out[strcspn(out, "\n")] = '\0';
    }
    close(fds[0]);
}

void bench__gnuplot_version(char *out, size_t size, int64_t timeout_ns) {
    out[0] = '\0';
    char *program = bench__find_program("gnuplot");
    if (program != NULL) {
        read_version(program, out, size, timeout_ns);
    }
    bench__free(program);
}
