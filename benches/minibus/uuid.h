/* minibus/uuid.h - random (version 4) UUIDs, RFC 9562. */
#ifndef MINIBUS_UUID_H
#define MINIBUS_UUID_H

#include <stdint.h>

typedef struct mb_uuid {
    uint8_t bytes[16];
} mb_uuid;

enum { MB_UUID_TEXT_SIZE = 37 }; /**< 36 characters and the terminating NUL */

/** From the operating system: one system call, fit for secrets. @return 0, MB_ESYSTEM. */
int mb_uuid_from_system(mb_uuid *out);

/** From a generator of the calling thread, seeded by the operating system on first use and again in
 *  a forked child: fast, and predictable for who has seen a few. @return 0, MB_ESYSTEM. */
int mb_uuid_from_prng(mb_uuid *out);

/** "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" in lower case. @return text */
char *mb_uuid_format(char text[MB_UUID_TEXT_SIZE], const mb_uuid *uuid);

/** Reads that form, in either case and of any UUID version. @return 0, or MB_EINVAL with *out
 *  unspecified. */
int mb_uuid_parse(mb_uuid *out, const char *text);

#endif
