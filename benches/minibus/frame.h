/*
 * minibus/frame.h - what busd and its clients say to each other, for the broker's own files.
 *
 *      u32 size of what follows, little endian; u8 type; body
 *
 * client to server
 *      'P' u8 size of topic, topic, then messages: u32 size, binary codec      publish
 *      'C' the same, answered by 'A' once every subscriber's part is queued    publish, confirmed
 *      'S' topic, answered by 'A'                                              subscribe
 * server to client
 *      'A' nothing                                                             done
 *      'M' u32 size, binary codec                                              a message
 *      'E' text; the connection ends after it                                  refused
 */
#ifndef MINIBUS_FRAME_H
#define MINIBUS_FRAME_H

#include "minibus/codec.h"
#include "minibus/transport.h"

enum { MB__FRAME_HEADER = 5 };

#define MB__FRAME_MAX (MB_TRANSPORT_MESSAGE_MAX + ((size_t)1 << 20)) /* what follows the size */

struct mb__frame {
    unsigned char type;
    const unsigned char *body;
    size_t size; /* of the body */
};

/** Begins a frame at the end of the buffer. @param at receives what end needs.
 *  @return 0, MB_ENOMEM. */
int mb__frame_begin(size_t *at, mb_buffer *buffer, unsigned char type);
/** Writes the size of what was appended since. */
void mb__frame_end(mb_buffer *buffer, size_t at);
/** A size and the encoded message. @return 0, MB_ENOMEM. */
int mb__frame_add_message(mb_buffer *buffer, const mb_message *message);
/** A size and the bytes of an encoded message. @return 0, MB_ENOMEM. */
int mb__frame_add_encoded(mb_buffer *buffer, const void *data, size_t size);
/** The next message of a body. @param rest the bytes to take it from; moves on. @return 1, 0 at the
 *  end, MB_EFORMAT. */
int mb__frame_next_message(const unsigned char **data, size_t *size, struct mb__frame *rest);

/** Bytes as they arrive, and the frames in them. All zero is an empty one. */
struct mb__frame_reader {
    mb_buffer buffer;
    size_t at; /* frames before this are done */
};

/** Reads once what there is. @return bytes read, 0 at the end of the connection, MB_ETIMEOUT when
 *  there is nothing now, MB_ELOST, MB_ENOMEM. */
long mb__frame_read(struct mb__frame_reader *reader, int fd);
/** The next whole frame, valid until the next read. @return 1, 0 when it is not whole yet,
 *  MB_EFORMAT (a frame without a type), MB_ELIMIT (MB__FRAME_MAX). */
int mb__frame_next(struct mb__frame *out, struct mb__frame_reader *reader);
/** Whether the last frame is there in part only. */
int mb__frame_is_partial(const struct mb__frame_reader *reader);

#endif
