/* A shared library that an executable needs, and that can be taken away from it. */
int fixture_library_answer(void);
int fixture_library_answer(void) {
    return 42;
}
