/* URLs of transports, and where they come from. A password never gets into an error's text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "minibus/transport_backend.h"

#include "minibus/memory.h"

static int hex_digit(char c) {
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    const int value = at ? (int)(at - digits) : -1;
    return value < 16 ? value : value - 6;
}

/* In place. @return whether every % was followed by two digits that make a byte other than NUL. */
static int decode_percent(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        const int high = hex_digit(from[1]), low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || high + low == 0) {
            return 0;
        }
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return 1;
}

/* Ends the text at the first of the characters. @return what follows it, or NULL. */
static char *cut(char *text, const char *characters) {
    char *at = strpbrk(text, characters);
    if (!at) {
        return NULL;
    }
    *at = '\0';
    return at + 1;
}

static int parse_options(struct mb__url *url, char *query, mb_error *error) {
    const int capacity = (int)(sizeof url->options / sizeof url->options[0]);
    while (query && *query) {
        char *name = query;
        query = cut(name, "&");
        char *value = cut(name, "=");
        if (!value || url->n_options == capacity || !decode_percent(value)) {
            return mb__fail(error, MB_EINVAL,
                            "option '%.40s' of a URL: use NAME=VALUE, joined by &, at most %d",
                            name, capacity);
        }
        url->options[url->n_options].name = name;
        url->options[url->n_options++].value = value;
    }
    return 0;
}

/* USER:PASSWORD@HOSTS; the last @ counts, as everywhere. */
static int parse_authority(struct mb__url *url, char *authority, mb_error *error) {
    char *at = strrchr(authority, '@');
    if (at) {
        *at = '\0';
        url->hosts = at + 1;
        char *password = cut(authority, ":");
        url->user = authority;
        url->password = password ? password : "";
        if (!decode_percent(authority) || (password && !decode_percent(password))) {
            return mb__fail(error, MB_EINVAL, "user or password of a URL: %% needs two digits");
        }
    } else {
        url->hosts = authority;
    }
    return 0;
}

int mb__url_parse(struct mb__url *url, const char *text, mb_error *error) {
    *url = (struct mb__url){.user = "", .password = "", .hosts = "", .path = ""};
    const size_t size = strlen(text);
    if (size > MB__URL_MAX) {
        return mb__fail(error, MB_EINVAL, "a URL of %zu bytes: at most %d", size, (int)MB__URL_MAX);
    }
    memcpy(url->text, text, size + 1);
    char *rest = cut(url->text, ":");
    if (!rest) {
        return mb__fail(error, MB_EINVAL,
                        "'%.40s' is no URL: it needs a scheme such as inmemory:", url->text);
    }
    url->scheme = url->text;
    url->has_hosts = strncmp(rest, "//", 2) == 0;
    rest += url->has_hosts ? 2 : 0;
    const char *end = url->has_hosts ? strpbrk(rest, "/?") : NULL;
    if (end && strchr(end, '@')) { /* a part of a password might end up in an error's text */
        return mb__fail(error, MB_EINVAL,
                        "an @ behind the first / or ? of a URL: write / ? and @ as %%2f %%3f and "
                        "%%40 in user, password and path");
    }
    int rc = parse_options(url, cut(rest, "?"), error);
    if (rc) {
        return rc;
    }
    char *path = rest;
    if (url->has_hosts) {
        path = cut(rest, "/");
        rc = parse_authority(url, rest, error);
    }
    url->path = path ? path : "";
    if (rc == 0 && path && !decode_percent(path)) {
        rc = mb__fail(error, MB_EINVAL, "path of a URL: %% needs two digits other than 00");
    }
    return rc;
}

static int parse_port(int *port, const char *text) {
    char *end;
    errno = 0;
    const long value = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < 1 || value > 65535) {
        return MB_EINVAL;
    }
    *port = (int)value;
    return 0;
}

int mb__url_host(char host[MB__HOST_MAX + 1], int *port, const struct mb__url *url,
                 int default_port, mb_error *error) {
    const char *start = url->hosts, *end;
    if (*start == '[') { /* an IPv6 address */
        end = strchr(++start, ']');
    } else {
        end = start + strcspn(start, ":");
    }
    const char *colon = end && *end == ']' ? end + 1 : end;
    *port = default_port;
    if (!end || end == start || end - start > MB__HOST_MAX || (*colon && *colon != ':') ||
        (*colon == ':' && parse_port(port, colon + 1)) || (!*colon && default_port == 0)) {
        return mb__fail(error, MB_EINVAL, "'%.60s' is not HOST:PORT with a port of 1 to 65535",
                        url->hosts);
    }
    memcpy(host, start, (size_t)(end - start));
    host[end - start] = '\0';
    return 0;
}

const char *mb__url_option(const struct mb__url *url, const char *name) {
    for (int i = 0; i < url->n_options; i++) {
        if (strcmp(url->options[i].name, name) == 0) {
            return url->options[i].value;
        }
    }
    return NULL;
}

int mb__url_number(int64_t *out, const struct mb__url *url, const char *name, int64_t fallback,
                   int64_t max, mb_error *error) {
    const char *text = mb__url_option(url, name);
    *out = fallback;
    if (!text) {
        return 0;
    }
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < 1 || value > max) {
        return mb__fail(error, MB_EINVAL, "option %s of a URL is '%.40s': use 1 to %lld", name,
                        text, (long long)max);
    }
    *out = value;
    return 0;
}

int mb__url_check_options(const struct mb__url *url, const char *const *known, mb_error *error) {
    for (int i = 0; i < url->n_options; i++) {
        int is_known = 0, is_again = 0;
        for (const char *const *name = known; *name; name++) {
            is_known |= strcmp(*name, url->options[i].name) == 0;
        }
        for (int k = 0; k < i; k++) {
            is_again |= strcmp(url->options[k].name, url->options[i].name) == 0;
        }
        if (!is_known || is_again) {
            return mb__fail(error, MB_EINVAL, "%s: has no option '%.40s'%s", url->scheme,
                            url->options[i].name, is_again ? " twice" : "");
        }
    }
    return 0;
}

static const struct {
    const char *backend, *url; /* one that is always the same, or NULL ... */
    const char *variable, *prefix, *advice;
} addresses[] = {
    {"inmemory", "inmemory:", NULL, NULL, NULL},
    {"loopback", "loopback:", NULL, NULL, NULL},
    {"kafka-mock", "kafka:mock", NULL, NULL, NULL},
    {"rabbitmq", NULL, "RABBITMQ_URL", "amqp://", " (scripts/backends.sh start prints it)"},
    {"mqtt", NULL, "MQTT_BROKER", "mqtt://", " (scripts/backends.sh start prints it)"},
    {"kafka", NULL, "KAFKA_BROKERS", "kafka://", ""},
};

int mb_transport_url_of(char *url, size_t size, const char *backend, mb_error *error) {
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        if (strcmp(addresses[i].backend, backend) != 0) {
            continue;
        }
        const char *variable = addresses[i].variable;
        const char *value = variable ? getenv(variable) : addresses[i].url;
        const char *prefix = variable ? addresses[i].prefix : "";
        if (!value || !*value) {
            return mb__fail(error, MB_EUNREACHABLE, "%s is not set%s", variable,
                            addresses[i].advice);
        }
        if (strncmp(value, prefix, strlen(prefix)) == 0) {
            prefix = "";
        }
        if ((size_t)snprintf(url, size, "%s%s", prefix, value) >= size) {
            return mb__fail(error, MB_EINVAL, "the URL of %s is too long", backend);
        }
        return 0;
    }
    return mb__fail(error, MB_EINVAL,
                    "'%.40s' is no backend with an address: use inmemory, loopback, rabbitmq, "
                    "mqtt, kafka or kafka-mock",
                    backend);
}

int mb__url_timeout(int64_t *out_ns, const struct mb__url *url, mb_error *error) {
    static const char *const known[] = {"timeout_ms", NULL};
    int64_t ms;
    int rc = mb__url_check_options(url, known, error);
    rc = rc ? rc : mb__url_number(&ms, url, known[0], 10000, 600000, error);
    if (!rc) {
        *out_ns = ms * 1000000;
    }
    return rc;
}

char *mb__copy_text(const char *text) {
    char *copy = mb__alloc(strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}
