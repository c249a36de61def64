/* The JSON codec: what it accepts, it writes in its own form, which it reads to the same. */
#include "fuzz.h"

#include <string.h>

#include "minibus/codec.h"
#include "minibus/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mb_message *m = NULL, *back = NULL;
    const int rc = mb_codec_json.decode(&m, data, size);
    if (rc) {
        FUZZ_CHECK(rc == MB_EFORMAT || rc == MB_EVERSION || rc == MB_ELIMIT);
        FUZZ_CHECK(!m);
        return 0;
    }
    mb_buffer once = {0}, twice = {0};
    FUZZ_CHECK(mb_codec_json.encode(&once, m) == 0);
    FUZZ_CHECK(mb_codec_json.decode(&back, once.data, once.size) == 0);
    FUZZ_CHECK(mb_codec_json.encode(&twice, back) == 0);
    FUZZ_CHECK(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
    mb_message_unref(back);
    mb_message_unref(m);
    mb_buffer_clear(&once);
    mb_buffer_clear(&twice);
    return 0;
}
