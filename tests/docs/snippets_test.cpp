// SPDX-License-Identifier: MIT
// Code in the documents is code that the tests compile and run: each block stands, word for word, in an example.
#include "support/catch.hpp"
#include "support/documents.hpp"

#include <set>
#include <sstream>
#include <string>
#include <vector>

using support::text_of;

namespace {

/// The fenced C++ blocks of a document.
std::vector<std::string> cpp_blocks(const std::string& text) {
    const std::string open = "```cpp\n";
    std::vector<std::string> blocks;
    for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, at)) {
        at += open.size();
        const std::size_t end = text.find("```", at);
        REQUIRE(end != std::string::npos);
        blocks.push_back(text.substr(at, end - at));
    }
    return blocks;
}

/// The program in a header's comment, without the comment's marks.
std::string commented_program(const std::string& text) {
    std::string program;
    for (std::size_t at = text.find("//   #include"); text.compare(at, 2, "//") == 0; at = text.find('\n', at) + 1) {
        const std::string line = text.substr(at, text.find('\n', at) - at);
        program += (line.size() > 5 ? line.substr(5) : "") + "\n";
    }
    return program;
}

} // namespace

TEST_CASE("docs: the README's program is examples/hello.cpp, and what makes it durable is in examples/durable.cpp") {
    const auto blocks = cpp_blocks(text_of("README.md"));
    REQUIRE(blocks.size() == 2);
    CHECK(text_of("examples/hello.cpp").find("\n" + blocks.front()) != std::string::npos);
    CHECK(text_of("examples/durable.cpp").find("\n" + blocks.back()) != std::string::npos);
}

TEST_CASE("docs: the umbrella header's program is examples/hello.cpp") {
    const std::string program = commented_program(text_of("include/carillon/carillon.hpp"));
    REQUIRE(program.size() > 400);
    CHECK(text_of("examples/hello.cpp").find("\n" + program) != std::string::npos);
}

TEST_CASE("docs: each block of the quicklook is in one of its examples, in order") {
    const std::string example =
        text_of("examples/quicklook.cpp") + text_of("examples/durable.cpp") + text_of("examples/outbox.cpp");
    const auto blocks = cpp_blocks(text_of("docs/quicklook.md"));
    REQUIRE(blocks.size() >= 11);
    std::size_t from = 0;
    for (const std::string& block : blocks) {
        INFO(block);
        const std::size_t at = example.find(block, from);
        REQUIRE(at != std::string::npos);
        from = at + block.size();
    }
}

TEST_CASE("docs: each block of the page on writing a storage stands in the reference storage or in its example") {
    const std::string code = text_of("include/carillon/testing/reference_storage.hpp") +
                             text_of("include/carillon/testing/detail/reference_changes.hpp") +
                             text_of("examples/prove_storage.cpp");
    const auto blocks = cpp_blocks(text_of("docs/writing-a-storage.md"));
    REQUIRE(blocks.size() >= 4);
    for (const std::string& block : blocks) {
        INFO(block);
        CHECK(code.find("\n" + block) != std::string::npos);
    }
}

TEST_CASE("docs: the page on carillonctl has a row for each command, and no other") {
    const std::string program = text_of("examples/carillonctl/main.cpp");
    std::set<std::string> commands;
    for (const std::string& before : {std::string(" add(\""), std::string("(add(\""), std::string("add_subcommand(\"")})
        for (std::size_t at = program.find(before); at != std::string::npos; at = program.find(before, at)) {
            at += before.size();
            commands.insert(program.substr(at, program.find('"', at) - at));
        }
    const std::string page = text_of("docs/carillonctl.md");
    std::set<std::string> documented;
    std::istringstream lines(page.substr(page.find("| command |")));
    for (std::string line; std::getline(lines, line) && line.rfind("|", 0) == 0;)
        if (line.rfind("| `", 0) == 0) documented.insert(line.substr(3, line.find_first_of(" `", 3) - 3));
    CHECK(documented.size() == 15);
    CHECK(documented == commands);
}

TEST_CASE("docs: the page on operations names every event") {
    const std::string page = text_of("docs/operations.md");
    std::istringstream header(text_of("include/carillon/observe/events.hpp"));
    std::set<std::string> events{"ClockStep"};
    for (std::string line; std::getline(header, line);)
        if (line.rfind("struct ", 0) == 0) events.insert(line.substr(7, line.find(' ', 7) - 7));
    events.erase("RunInfo");
    CHECK(events.size() >= 21);
    for (const std::string& event : events) {
        INFO(event);
        CHECK(page.find("`" + event + "`") != std::string::npos);
    }
}

TEST_CASE("docs: the page on writing a storage orders every clause of the contract") {
    const std::string page = text_of("docs/writing-a-storage.md");
    const std::string steps = page.substr(page.find("| step | clauses |"));
    std::set<int> clauses;
    for (std::size_t at = steps.find("\n| ", steps.find("|---")); steps.compare(at, 3, "\n| ") == 0;
         at = steps.find('\n', at + 1)) {
        std::istringstream row(steps.substr(steps.find('|', at + 3) + 1));
        for (int clause = 0; row >> clause; row.ignore(1))
            CHECK(clauses.insert(clause).second);
    }
    REQUIRE_FALSE(clauses.empty());
    CHECK(clauses.size() == static_cast<std::size_t>(*clauses.rbegin()));
    CHECK(page.find(" in " + std::to_string(clauses.size()) + " numbered clauses") != std::string::npos);
    CHECK(text_of("include/carillon/storage/storage.hpp").find("\n// " + std::to_string(clauses.size() + 1) + ". ") ==
          std::string::npos);
}
