// SPDX-License-Identifier: MIT
// support/main.cpp - the test program's main, for either Catch2, compiled once.

#if __has_include(<catch2/catch_session.hpp>)
#    include <catch2/catch_session.hpp>
#else
#    define CATCH_CONFIG_RUNNER
#    include <catch2/catch.hpp>
#endif

#if defined __has_feature
#    if __has_feature(thread_sanitizer)
/// Debian's cpp-httplib is not compiled for the sanitizer, which sees its memory and not its locks.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
    return "called_from_lib:libcpp-httplib.so\n";
}
#    endif
#endif

int main(int argc, char** argv) {
    return Catch::Session().run(argc, argv);
}
