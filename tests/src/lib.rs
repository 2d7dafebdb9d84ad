//! Helpers shared by the tests that run the program.
