/*
 * Runs a program with less than it expects:
 *
 *   confined one_cpu COMMAND...       on one CPU
 *   confined no_pinning COMMAND...    sched_setaffinity() is forbidden
 *
 * Exits with 125 when that cannot be arranged here.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CANNOT 125

static int use_one_cpu(void) {
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return -1;
    }
    int cpu = 0;
    while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET((size_t)cpu, &allowed)) {
        cpu++;
    }
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    return sched_setaffinity(0, sizeof one, &one);
}

static int forbid_pinning(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setaffinity, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
               ? -1
               : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: confined one_cpu|no_pinning COMMAND...\n");
        return CANNOT;
    }
    const int is_one_cpu = strcmp(argv[1], "one_cpu") == 0;
    if ((is_one_cpu ? use_one_cpu() : forbid_pinning()) != 0) {
        perror("confined");
        return CANNOT;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return CANNOT;
}
