/* support/golden.h - comparing text with a file under tests/data. */
#ifndef TEST_SUPPORT_GOLDEN_H
#define TEST_SUPPORT_GOLDEN_H

/** Fails the test, showing the first line that differs, unless `text` is what the file holds. With
 *  BENCH_UPDATE_GOLDEN in the environment it writes the file instead: review the difference. */
void assert_golden(const char *text, const char *path);

#endif
