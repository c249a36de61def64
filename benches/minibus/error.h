/* minibus/error.h - the broker's result codes. */
#ifndef MINIBUS_ERROR_H
#define MINIBUS_ERROR_H

/** Functions that can fail return 0 or one of the negative values. */
enum {
    MB_OK = 0,
    MB_ENOMEM = -1,   /**< out of memory */
    MB_EINVAL = -2,   /**< an argument that makes no sense */
    MB_ESYSTEM = -3,  /**< the operating system refused */
    MB_EFORMAT = -4,  /**< bytes that are not an encoded message */
    MB_EVERSION = -5, /**< an encoded message of another format version */
    MB_ELIMIT = -6,   /**< more metadata than a message may carry, or a payload that is too large */
    MB_ESHARED = -7,  /**< a message with several owners cannot be changed: copy it first */
    MB_EQUEUEFULL = -8,    /**< a subscriber's queue has no room */
    MB_EEMPTY = -9,        /**< nothing to receive right now */
    MB_ETIMEOUT = -10,     /**< nothing to receive in the time given */
    MB_ECLOSED = -11,      /**< the broker was shut down */
    MB_ENOROUTE = -12,     /**< no route of the router matches the message */
    MB_EUNREACHABLE = -13, /**< no server answers at that address */
    MB_EUNAVAILABLE = -14, /**< built without this backend */
    MB_EREFUSED = -15,     /**< a server does not want this: login, permission, size, protocol */
    MB_ELOST = -16,        /**< the connection to a server has ended; open another one */
    MB_ENOTPENDING = -17,  /**< that delivery is not pending: acknowledged, returned or timed out */
    MB_ECONFLICT = -18,    /**< two logs have different histories for one replica */
    MB_EPEER = -19         /**< the other side is gone before the exchange was complete */
};

/** What went wrong in words, for functions that talk to the outside. Filled only on failure. */
typedef struct mb_error {
    int code;
    char text[320]; /**< one printable line that never holds a password */
} mb_error;

/** @return one line for a person, such as "queue is full"; never NULL. */
const char *mb_error_text(int code);

/* For the broker's own files: fills the error, which may be NULL. @return code */
int mb__fail(mb_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
