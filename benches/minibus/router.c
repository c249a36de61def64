/* A list of rules, tried in order. No threads of its own: the caller decides when to step. */
#include "minibus/router.h"

#include <string.h>

#include "minibus/error.h"
#include "minibus/memory.h"
#include "minibus/metadata.h"

struct rule {
    struct rule *next;
    mb_route route; /* its strings are in `text` */
    char text[];
};

struct mb_router {
    mb_broker *broker;
    mb_subscriber *subscriber;
    mb_router_ack strategy;
    struct rule *first, **last;
    mb_router_stats stats;
};

int mb_router_new_ack(mb_router **out, mb_broker *broker, const char *from, mb_router_ack strategy,
                      const mb_ack_options *options) {
    if (strategy > MB_ROUTER_ACK_AFTER) {
        return MB_EINVAL;
    }
    mb_router *router = mb__alloc_zeroed(1, sizeof *router);
    if (!router) {
        return MB_ENOMEM;
    }
    router->broker = broker;
    router->last = &router->first;
    router->strategy = strategy;
    const int rc = strategy == MB_ROUTER_ACK_NEVER
                       ? mb_subscribe(&router->subscriber, broker, from)
                       : mb_subscribe_ack(&router->subscriber, broker, from, options);
    if (rc) {
        mb__free(router);
        return rc;
    }
    *out = router;
    return 0;
}

int mb_router_new(mb_router **out, mb_broker *broker, const char *from) {
    return mb_router_new_ack(out, broker, from, MB_ROUTER_ACK_NEVER, NULL);
}

void mb_router_free(mb_router *router) {
    if (!router) {
        return;
    }
    struct rule *next;
    for (struct rule *rule = router->first; rule; rule = next) {
        next = rule->next;
        mb__free(rule);
    }
    mb_subscriber_free(router->subscriber);
    mb__free(router);
}

static size_t text_size(const char *text) {
    return text ? strlen(text) + 1 : 0;
}

/* Copies to *at and moves it on. */
static const char *put_text(char **at, const char *text) {
    if (!text) {
        return NULL;
    }
    const size_t size = text_size(text);
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

int mb_router_add(mb_router *router, const mb_route *route) {
    const size_t to_size = text_size(route->to);
    if (to_size < 2 || to_size > MB_TOPIC_NAME_MAX + 1) {
        return MB_EINVAL;
    }
    struct rule *rule =
        mb__alloc(sizeof *rule + text_size(route->key) + text_size(route->value) + to_size);
    if (!rule) {
        return MB_ENOMEM;
    }
    char *at = rule->text;
    rule->next = NULL;
    rule->route = *route;
    rule->route.key = put_text(&at, route->key);
    rule->route.value = put_text(&at, route->value);
    rule->route.to = put_text(&at, route->to);
    *router->last = rule;
    router->last = &rule->next;
    return 0;
}

static int matches(const mb_route *route, const mb_message *message) {
    if (!route->key) {
        return 1;
    }
    const char *value = mb_metadata_get(message, route->key);
    return value && (!route->value || strcmp(value, route->value) == 0);
}

static const mb_route *find_route(const mb_router *router, const mb_message *message) {
    const struct rule *rule = router->first;
    while (rule && !matches(&rule->route, message)) {
        rule = rule->next;
    }
    return rule ? &rule->route : NULL;
}

static int follow(mb_router *router, const mb_route *route, mb_message *in) {
    mb_message *out = NULL;
    int rc = 0;
    if (route->handler) {
        rc = route->handler(&out, in, route->user);
    } else {
        out = mb_message_ref(in);
    }
    if (rc == 0 && !out) {
        router->stats.filtered++;
        return 0;
    }
    if (rc == 0) {
        rc = mb_publish(router->broker, route->to, &out, 1);
    }
    mb_message_unref(out);
    *(rc == 0 ? &router->stats.passed : &router->stats.failed) += 1;
    return rc;
}

static int handle(mb_router *router, mb_message *in) {
    const mb_route *route = find_route(router, in);
    if (route) {
        return follow(router, route, in);
    }
    router->stats.unmatched++;
    return MB_ENOROUTE;
}

static int acknowledge(mb_router *router, const mb_delivery *in) {
    const int rc = mb_ack(router->subscriber, in);
    router->stats.late += rc != 0;
    return rc;
}

static int handle_and_settle(mb_router *router, const mb_delivery *in) {
    int rc = 0;
    if (router->strategy == MB_ROUTER_ACK_BEFORE) {
        rc = acknowledge(router, in);
    }
    if (rc) {
        return rc; /* somebody will take it again */
    }
    rc = handle(router, in->message);
    if (router->strategy != MB_ROUTER_ACK_AFTER) {
        return rc;
    }
    if (rc == 0) {
        return acknowledge(router, in);
    }
    if (mb_nack(router->subscriber, in, rc != MB_ENOROUTE)) {
        router->stats.late++;
    }
    return rc;
}

int mb_router_step(mb_router *router, int64_t timeout_ns) {
    mb_delivery in;
    int rc = mb_subscriber_receive(&in, router->subscriber, timeout_ns);
    if (rc) {
        return rc;
    }
    rc = handle_and_settle(router, &in);
    mb_message_unref(in.message);
    return rc;
}

mb_router_stats mb_router_stats_now(const mb_router *router) {
    return router->stats;
}

mb_ack_stats mb_router_ack_stats_now(const mb_router *router) {
    return mb_ack_stats_now(router->subscriber);
}
