/* A shared library, of which there are two. */
int answer(void);
int answer(void) {
    return ANSWER;
}
