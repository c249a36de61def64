/*
 * Turns over shared memory and a futex. Who measures what is the business of both ends.
 */
#include "worker/board.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_CAPACITY (1u << 20)

static size_t size_of(uint32_t capacity) {
    return sizeof(struct bench__board) + (size_t)capacity * sizeof(struct bench__turn);
}

struct bench__board *bench__board_new(int *out_fd, uint32_t capacity, bench_error *err) {
    const int low = memfd_create("libbench duel", MFD_CLOEXEC);
    /* above the numbers that a worker's own descriptors take, so that none is put over it */
    const int fd = low >= 0 ? fcntl(low, F_DUPFD_CLOEXEC, 10) : -1;
    if (low >= 0) {
        close(low);
    }
    if (fd < 0 || ftruncate(fd, (off_t)size_of(capacity)) != 0) {
        bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot make shared memory for a duel");
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    struct bench__board *board =
        mmap(NULL, size_of(capacity), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (board == MAP_FAILED) {
        bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot map shared memory for a duel");
        close(fd);
        return NULL;
    }
    board->capacity = capacity;
    *out_fd = fd;
    return board;
}

struct bench__board *bench__board_open(int fd, bench_error *err) {
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size < (off_t)sizeof(struct bench__board)) {
        bench__error(err, BENCH_EINVAL, "a duel without a board");
        return NULL;
    }
    struct bench__board *board =
        mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (board == MAP_FAILED) {
        bench__error_sys(err, BENCH_ESYSTEM, errno, "cannot map the board of a duel");
        return NULL;
    }
    if (board->capacity > MAX_CAPACITY || size_of(board->capacity) > (size_t)status.st_size) {
        munmap(board, (size_t)status.st_size);
        bench__error(err, BENCH_EFORMAT, "the board of a duel is damaged");
        return NULL;
    }
    return board;
}

void bench__board_free(struct bench__board *board) {
    if (board != NULL) {
        munmap(board, size_of(board->capacity));
    }
}

int bench__board_await(struct bench__board *board, uint32_t n) {
    for (;;) {
        const uint32_t now = atomic_load(&board->turn);
        if (atomic_load(&board->over)) {
            return 0;
        }
        if (now == n) {
            return 1;
        }
        syscall(SYS_futex, &board->turn, FUTEX_WAIT, now, NULL, NULL, 0);
    }
}

void bench__board_pass(struct bench__board *board, uint32_t n) {
    atomic_store(&board->turn, n);
    syscall(SYS_futex, &board->turn, FUTEX_WAKE, 2, NULL, NULL, 0);
}

void bench__board_end(struct bench__board *board) {
    atomic_store(&board->over, 1);
    bench__board_pass(board, UINT32_MAX);
}
