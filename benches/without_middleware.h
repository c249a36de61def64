/*
 * without_middleware.h - other names for what broker.c, subscriber.c and rounds.c define. Included
 * in front of these files when they are compiled a second time, without the chain of middleware, so
 * that run_benches has both variants. A name that is missing here is defined twice: the linker says
 * so.
 */
#ifndef WITHOUT_MIDDLEWARE_H
#define WITHOUT_MIDDLEWARE_H

#define MINIBUS_MIDDLEWARE 0

#define mb_broker_free              plain_broker_free
#define mb_broker_new               plain_broker_new
#define mb_broker_shutdown          plain_broker_shutdown
#define mb_publish                  plain_publish
#define mb__publish_one             plain__publish_one
#define mb_subscribe                plain_subscribe
#define mb__subscribe               plain__subscribe
#define mb_subscriber_free          plain_subscriber_free
#define mb_subscriber_receive       plain_subscriber_receive
#define mb_subscriber_receive_batch plain_subscriber_receive_batch
#define mb_subscriber_stats_now     plain_subscriber_stats_now
#define mb_subscriber_try_receive   plain_subscriber_try_receive

#define rounds_clear     plain_rounds_clear
#define rounds_give_back plain_rounds_give_back
#define rounds_init      plain_rounds_init
#define rounds_make      plain_rounds_make
#define rounds_send      plain_rounds_send
#define rounds_take      plain_rounds_take

#endif
