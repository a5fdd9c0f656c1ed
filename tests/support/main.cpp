// SPDX-License-Identifier: MIT
// support/main.cpp - the test program's main, for either Catch2, compiled once.

#if __has_include(<catch2/catch_session.hpp>)
#    include <catch2/catch_session.hpp>
#else
#    define CATCH_CONFIG_RUNNER
#    include <catch2/catch.hpp>
#endif

#include <locale>

#if defined __has_feature
#    if __has_feature(thread_sanitizer)
/// Debian's cpp-httplib is not compiled for the sanitizer, which sees its memory and not its locks.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
    return "called_from_lib:libcpp-httplib.so\n";
}
#    endif
#endif

/// libstdc++ keeps what a locale says of a character where it is first asked, in any thread, and always the same: a
/// race that does no harm, and is reported. So it is asked before there are threads.
static void ask_about_characters() {
    const auto& characters = std::use_facet<std::ctype<char>>(std::locale::classic());
    static_cast<void>(characters.widen('a'));
    for (int c = 1; c < 256; ++c)
        static_cast<void>(characters.narrow(static_cast<char>(c), '\0'));
}

int main(int argc, char** argv) {
    ask_about_characters();
    return Catch::Session().run(argc, argv);
}
