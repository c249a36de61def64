/*
 * What the suite startup_time starts: a program that opens a broker, sends itself one message and
 * writes one byte when it has arrived. It is linked with the whole broker, whatever of it is used,
 * so that it is also what the suite binary_size weighs.
 */
#include <string.h>
#include <unistd.h>

#include "minibus/broker.h"

static int send_one(mb_broker *broker, mb_subscriber *subscriber) {
    mb_message *message;
    if (mb_message_new(&message, "test", 4)) {
        return -1;
    }
    mb_delivery delivery = {0};
    int rc = mb_publish(broker, "start", &message, 1);
    mb_message_unref(message);
    rc = rc ? rc : mb_subscriber_try_receive(&delivery, subscriber);
    if (rc == 0) {
        rc = memcmp(mb_message_payload(delivery.message), "test", 4);
        mb_message_unref(delivery.message);
    }
    return rc;
}

int main(void) {
    mb_broker *broker = NULL;
    mb_subscriber *subscriber = NULL;
    int rc = mb_broker_new(&broker, NULL);
    rc = rc ? rc : mb_subscribe(&subscriber, broker, "start");
    rc = rc ? rc : send_one(broker, subscriber);
    if (rc == 0 && write(STDOUT_FILENO, "r", 1) != 1) {
        rc = -1;
    }
    mb_subscriber_free(subscriber);
    mb_broker_free(broker);
    return rc != 0;
}
