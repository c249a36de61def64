/* Sockets never block here; waiting is poll() with what is left of a time limit. */
#include "minibus/net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "minibus/transport_backend.h"

/* @return 0 when one of the events, or an error, is there, or MB_ETIMEOUT. */
static int wait_for(int fd, short events, int64_t deadline_ns) {
    struct pollfd p = {.fd = fd, .events = events};
    int n;
    do {
        n = poll(&p, 1, mb__poll_ms(mb__left_ns(deadline_ns)));
    } while (n < 0 && errno == EINTR);
    return n > 0 ? 0 : MB_ETIMEOUT;
}

/* @return 0 or an errno. */
static int connect_one(int fd, const struct addrinfo *address, int64_t deadline_ns) {
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    if (wait_for(fd, POLLOUT, deadline_ns)) {
        return ETIMEDOUT;
    }
    int result = 0;
    socklen_t size = sizeof result;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &size) ? errno : result;
}

int mb__net_connect(int *fd, const char *host, int port, int64_t timeout_ns, mb_error *error) {
    const int64_t deadline_ns = mb__deadline_ns(timeout_ns);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses;
    char service[16];
    snprintf(service, sizeof service, "%d", port);
    int reason = getaddrinfo(host, service, &hints, &addresses);
    if (reason) {
        return mb__fail(error, MB_EUNREACHABLE, "%s: %s", host, gai_strerror(reason));
    }
    reason = EADDRNOTAVAIL;
    for (const struct addrinfo *a = addresses; a && reason; a = a->ai_next) {
        *fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (*fd < 0) {
            reason = errno;
            continue;
        }
        reason = connect_one(*fd, a, deadline_ns);
        if (reason) {
            close(*fd);
        }
    }
    freeaddrinfo(addresses);
    if (reason) {
        return mb__fail(error, MB_EUNREACHABLE, "%s:%d: %s", host, port, strerror(reason));
    }
    setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return 0;
}

int mb__net_listen(int *fd, int *port, mb_error *error) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)*port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0) {
        return mb__fail(error, MB_ESYSTEM, "socket: %s", strerror(errno));
    }
    /* so that a restart need not wait for the connections of before */
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); /* accepted ones inherit it */
    if (bind(s, (struct sockaddr *)&address, sizeof address) || listen(s, SOMAXCONN) ||
        getsockname(s, (struct sockaddr *)&address, &size)) {
        mb__fail(error, MB_ESYSTEM, "listening on 127.0.0.1:%d: %s", *port, strerror(errno));
        close(s);
        return MB_ESYSTEM;
    }
    *fd = s;
    *port = ntohs(address.sin_port);
    return 0;
}

int mb__net_send(int fd, const void *data, size_t size, int64_t deadline_ns) {
    const char *p = data;
    while (size != 0) {
        const ssize_t n = send(fd, p, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            p += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (wait_for(fd, POLLOUT, deadline_ns)) {
                return MB_ETIMEOUT;
            }
        } else if (errno != EINTR) {
            return MB_ELOST;
        }
    }
    return 0;
}

int mb__net_wait_readable(int fd, int64_t deadline_ns) {
    return wait_for(fd, POLLIN, deadline_ns);
}
