// SPDX-License-Identifier: MIT
// sqlite_open_test.cpp - which files are opened, which are refused and in what words, how an old one is brought up to
// date, and copies.
#include "carillon/storage/detail/sqlite_core.hpp"
#include "carillon/testing/manual_clock.hpp"

#include "support/catch.hpp"
#include "support/sqlite.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace carillon;
using support::HostConnection;
using support::TemporaryDatabase;
using support::TinyCore;
using support::TinyTables;

namespace {

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

std::optional<Error> error_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

std::unique_ptr<TinyCore> open(const std::string& path, SqliteOptions options = {}) {
    return std::make_unique<TinyCore>(path, std::move(options), TinyTables::migrations());
}

/// Opening the file is refused in these words, with its name in front, and changes nothing of it.
void refuses(const std::string& path, const std::string& words, const SqliteOptions& options = {}) {
    INFO(words);
    const std::string before = std::filesystem::is_regular_file(path) ? bytes_of(path) : "";
    const auto error = error_of([&] { open(path, options); });
    REQUIRE(error);
    CHECK(error->what() == "database \"" + path + "\": " + words);
    CHECK(error->code() == Errc::unavailable);
    CHECK(error->field() == "path");
    if (!before.empty()) CHECK(bytes_of(path) == before);
}

/// What can be changed only by somebody else than root, is.
class AsNobody {
public:
    AsNobody() {
        if (geteuid() == 0 && seteuid(65534) == 0) root_ = true;
    }
    AsNobody(const AsNobody&) = delete;
    AsNobody& operator=(const AsNobody&) = delete;
    ~AsNobody() {
        if (root_ && seteuid(0) != 0) std::abort();
    }

private:
    bool root_ = false;
};

std::int64_t count(const TinyCore& core) {
    return core.read([](TinyTables& tables) { return tables.count(); });
}
int put(TinyCore& core, const std::string& word) {
    return core.write([&](TinyTables& tables) { return tables.put(word); });
}

} // namespace

// ---- what is opened
// --------------------------------------------------------------------------------------------------

TEST_CASE("sqlite open: a new file is ours, in a write-ahead log, and holds what was written when it is opened again") {
    const TemporaryDatabase file;
    {
        const auto core = open(file.path());
        put(*core, "word");
        const HostConnection host(file.path());
        CHECK(host.value("PRAGMA application_id") == std::to_string(0x43617269));
        CHECK(host.value("PRAGMA journal_mode") == "wal");
        CHECK(host.value("PRAGMA user_version") == "0");
    }
    CHECK_FALSE(std::filesystem::exists(file.path() + "-wal"));
    CHECK(open(file.path())->read([](TinyTables& tables) { return tables.has("word"); }));
}

TEST_CASE("sqlite open: a database in memory is there as long as its storage") {
    const auto core = open(":memory:");
    put(*core, "word");
    CHECK(core->read([](TinyTables& tables) { return tables.has("word"); }));
    CHECK_FALSE(open(":memory:")->read([](TinyTables& tables) { return tables.has("word"); }));
    CHECK(core->integrity_check().empty());
}

TEST_CASE("sqlite open: a file of the host is shared where the host says so, and keeps what it says of itself") {
    const TemporaryDatabase file;
    const HostConnection host(file.path());
    REQUIRE(host.run("CREATE TABLE job (id); PRAGMA application_id = 77; PRAGMA user_version = 5") == SQLITE_OK);
    refuses(file.path(),
            "it belongs to another program: its application_id is 77; name another file, or set in_host_file where the "
            "host keeps its own tables there");
    put(*open(file.path(), {.in_host_file = true}), "word");
    CHECK(host.value("PRAGMA application_id") == "77");
    CHECK(host.value("PRAGMA user_version") == "5");
    CHECK(host.value("SELECT word FROM carillon_tiny WHERE word = 'word'") == "word");
    put(*open(file.path()), "other"); // it has our tables now
}

// ---- what is refused
// -------------------------------------------------------------------------------------------------

TEST_CASE("sqlite open: what is no file, or in no folder, is refused") {
    const TemporaryDatabase file;
    const std::string folder = std::filesystem::temp_directory_path().string();
    refuses(folder, "it is a folder; name a file in it");
    refuses(file.path() + "/jobs.db", "there is no folder \"" + file.path() + "\"; create it first");
}

TEST_CASE("sqlite open: files that are no database, or a damaged one, are refused and left as they are") {
    const TemporaryDatabase file;
    write_bytes(file.path(), std::string(4'096, 'x'));
    refuses(
        file.path(),
        "SQLite could not run 'PRAGMA application_id': file is not a database (SQLITE_NOTADB). The file is no SQLite "
        "database, or an encrypted one: name another file.");
    std::filesystem::remove(file.path());
    { put(*open(file.path()), "word"); }
    std::string bytes = bytes_of(file.path());
    for (std::size_t i = 100; i < 4'096; ++i)
        bytes[i] = '\x55'; // the page that lists the tables
    write_bytes(file.path(), bytes);
    const auto error = error_of([&] { open(file.path()); });
    REQUIRE(error);
    CHECK(std::string(error->what()).find("The file is damaged: put a copy that backup_to() made in its place.") !=
          std::string::npos);
    CHECK(error->code() == Errc::unavailable);
    CHECK(bytes_of(file.path()) == bytes);
}

TEST_CASE("sqlite open: another program's tables are refused, and their journal stays as it is") {
    const TemporaryDatabase file;
    const HostConnection host(file.path());
    REQUIRE(host.run("CREATE TABLE bookmarks (id)") == SQLITE_OK);
    refuses(file.path(),
            "it has tables of another program; name another file, or set in_host_file where the host keeps its own "
            "tables there");
    CHECK(host.value("PRAGMA journal_mode") == "delete");
}

TEST_CASE("sqlite open: a file of a newer version is refused") {
    const TemporaryDatabase file;
    { put(*open(file.path()), "word"); }
    const HostConnection host(file.path());
    REQUIRE(host.run("UPDATE carillon_storage SET schema_version = 7") == SQLITE_OK);
    const auto error = error_of([&] { open(file.path()); });
    REQUIRE(error);
    CHECK(error->what() ==
          "database \"" + file.path() +
              "\": a newer Carillon has written it: its schema has version 7, this one knows 1; update "
              "this program, or put a copy from before in its place");
}

TEST_CASE("sqlite open: a file that somebody has locked for good is refused in time") {
    const TemporaryDatabase file;
    { put(*open(file.path()), "word"); }
    const HostConnection host(file.path());
    REQUIRE(host.run("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE carillon_tiny SET number = 1") ==
            SQLITE_OK);
    const auto error = error_of([&] { open(file.path(), {.busy_timeout = std::chrono::milliseconds{20}}); });
    REQUIRE(error);
    CHECK(std::string(error->what())
              .find("database is locked (SQLITE_BUSY). Another process or connection holds the "
                    "database: end its transaction, and try again.") != std::string::npos);
    CHECK(error->code() == Errc::unavailable);
}

TEST_CASE("sqlite open: files and folders that must not be written are refused") {
    const TemporaryDatabase file;
    { put(*open(file.path()), "word"); }
    std::filesystem::permissions(file.path(), std::filesystem::perms(0444));
    const std::string folder = file.path() + ".folder";
    std::filesystem::create_directory(folder);
    std::filesystem::permissions(folder, std::filesystem::perms(0555));
    {
        const AsNobody nobody;
        refuses(file.path(), "this process may not read and write it; give it the right, or name another file");
        refuses(folder + "/jobs.db",
                "this process may not write to the folder \"" + folder +
                    "\"; SQLite keeps files beside the database: give it the right, or name another folder");
    }
    std::filesystem::remove(folder);
}

TEST_CASE("sqlite open: where SQLite cannot have a write-ahead log, the file is refused") {
    const TemporaryDatabase file;
    refuses(file.path(),
            "SQLite could not switch it to a write-ahead log; its journal is \"delete\"; keep it on a disk of this "
            "machine, and in no VFS without shared memory",
            {.vfs = "unix-none"});
}

TEST_CASE("sqlite open: file systems of several machines are refused by name") {
    CHECK(detail::network_file_system(0x6969) == "NFS");
    CHECK(detail::network_file_system(0xff53'4d42) == "CIFS");
    CHECK(detail::network_file_system(0xffff'ffff'ff53'4d42) == "CIFS"); // a signed number, made larger
    CHECK(detail::network_file_system(0x6573'5546) == "FUSE");
    CHECK(detail::network_file_system(0xef53).empty());      // ext4
    CHECK(detail::network_file_system(0x0102'1994).empty()); // tmpfs
    CHECK(detail::network_file_system(0x794c'7630).empty()); // overlayfs
    const auto error = error_of([] { detail::refuse_network_file_system("/mnt/jobs.db", 0x6969); });
    REQUIRE(error);
    CHECK(std::string(error->what()) ==
          "database \"/mnt/jobs.db\": it lies on NFS, where several machines can damage it; keep it on a disk of this "
          "machine, or set allow_network_file_system");
}

TEST_CASE("sqlite open: options that make no sense are refused") {
    const TemporaryDatabase file;
    const auto refused =
        [](const std::string& path, const SqliteOptions& options, Errc code, const std::string& words) {
            const auto error = error_of([&] { open(path, options); });
            REQUIRE(error);
            CHECK(error->code() == code);
            CHECK(error->what() == error->field() + ": " + words);
        };
    refused("", {}, Errc::required, "must not be empty");
    refused(std::string("a\0b", 3), {}, Errc::invalid_character, "must not contain a zero byte");
    refused(file.path(), {.busy_timeout = Duration{-1}}, Errc::out_of_range, "expected 0 to 1 h, saw -1us");
    refused(file.path(), {.readers = 0}, Errc::out_of_range, "expected 1 to 64, saw 0");
    refused(file.path(), {.clock = nullptr}, Errc::required, "must not be null");
    refused(file.path(),
            {.vfs = "no such"},
            Errc::out_of_range,
            "expected the name of a VFS that SQLite knows, saw \"no such\"");
}

// ---- migrations
// ------------------------------------------------------------------------------------------------------

namespace {

/// Versions of a schema of our own; each says in the table that it was there.
std::vector<std::string> versions(std::size_t count) {
    const std::vector<std::string> all{
        "CREATE TABLE carillon_tiny (word TEXT PRIMARY KEY, number INTEGER NOT NULL);"
        "INSERT INTO carillon_tiny VALUES ('first', 1)",
        "ALTER TABLE carillon_tiny ADD COLUMN extra TEXT; INSERT INTO carillon_tiny VALUES ('second', 2, 'x')",
        "UPDATE carillon_tiny SET extra = 'y'; INSERT INTO carillon_tiny VALUES ('third', 3, 'z')",
    };
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::string words_in(const std::string& path) {
    return HostConnection(path).value(
        "SELECT group_concat(word, ' ') FROM (SELECT word FROM carillon_tiny WHERE word <> "
        "'leases ended' ORDER BY number)");
}

} // namespace

TEST_CASE("sqlite open: a file of every older version is brought up to date, each step once") {
    for (std::size_t older = 1; older <= 3; ++older) {
        const TemporaryDatabase file;
        for (const std::size_t version : {older, std::size_t{3}, std::size_t{3}}) {
            detail::migrate(*detail::open_connection(file.path(), {}), file.path(), versions(version), false);
        }
        CHECK(words_in(file.path()) == "first second third");
        CHECK(HostConnection(file.path()).value("SELECT schema_version FROM carillon_storage") == "3");
        const auto newer = error_of(
            [&] { detail::migrate(*detail::open_connection(file.path(), {}), file.path(), versions(2), false); });
        CHECK(newer);
    }
}

TEST_CASE("sqlite open: a step that fails leaves the file at the version it had") {
    const TemporaryDatabase file;
    detail::migrate(*detail::open_connection(file.path(), {}), file.path(), versions(1), false);
    std::vector<std::string> broken = versions(3);
    broken[2] = "INSERT INTO carillon_tiny VALUES ('half', 2, NULL); nonsense";
    CHECK(error_of([&] { detail::migrate(*detail::open_connection(file.path(), {}), file.path(), broken, false); }));
    CHECK(words_in(file.path()) == "first");
    CHECK(HostConnection(file.path()).value("SELECT schema_version FROM carillon_storage") == "1");
    detail::migrate(*detail::open_connection(file.path(), {}), file.path(), versions(3), false);
    CHECK(words_in(file.path()) == "first second third");
}

TEST_CASE("sqlite open: several that open a new file at one time find the same tables", "[concurrent]") {
    for (int round = 0; round < 5; ++round) {
        const TemporaryDatabase file;
        std::vector<std::thread> threads;
        std::vector<std::string> errors(4);
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&, i] {
                const auto error = error_of([&] { put(*open(file.path()), std::to_string(i)); });
                if (error) errors[static_cast<std::size_t>(i)] = error->what();
            });
        for (std::thread& thread : threads)
            thread.join();
        CHECK(errors == std::vector<std::string>(4));
        CHECK(count(*open(file.path())) == 5);
    }
}

// ---- leases, processes
// -----------------------------------------------------------------------------------------------

TEST_CASE("sqlite open: leases of before end where the machine was started since, and only then") {
    const TemporaryDatabase file;
    const auto ended = [&] {
        const HostConnection host(file.path());
        const std::string seen = host.value("SELECT count(*) FROM carillon_tiny WHERE word = 'leases ended'");
        host.run("DELETE FROM carillon_tiny");
        return seen == "1";
    };
    { open(file.path()); }
    ended();
    { open(file.path()); }
    CHECK_FALSE(ended());
    HostConnection(file.path()).run("UPDATE carillon_storage SET boot_id = 'another start'");
    { open(file.path(), {.lease_clock = std::make_shared<testing::ManualClock>()}); } // knows no starts
    CHECK_FALSE(ended());
    { open(file.path()); }
    CHECK(ended());
    { open(file.path()); }
    CHECK_FALSE(ended());
}

TEST_CASE("sqlite open: leases run on the machine's time since its start, or on the host's clock") {
    const auto before = BootClock().steady_now();
    CHECK(open(":memory:")->lease_now() >= before);
    CHECK(before >= SteadyTime{} + std::chrono::seconds{1});
    const auto clock = std::make_shared<testing::ManualClock>();
    clock->advance(std::chrono::seconds{7});
    CHECK(open(":memory:", {.lease_clock = clock})->lease_now() == SteadyTime{std::chrono::seconds{7}});
}

TEST_CASE("sqlite open: in the child of a fork the storage is refused, and the parent's goes on") {
    const TemporaryDatabase file;
    auto core = open(file.path());
    put(*core, "parent");
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const auto write = error_of([&] { put(*core, "child"); });
        const auto read = error_of([&] { count(*core); });
        core.reset();
        const std::string words =
            "the storage was opened before fork(): open it again in the child, and leave this one alone";
        const bool refused = write && read && write->code() == Errc::invalid_state && write->what() == words;
        _exit(refused ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    put(*core, "still there");
    CHECK(count(*core) == 3);
    CHECK(core->integrity_check().empty());
}

// ---- copies
// ----------------------------------------------------------------------------------------------------------

TEST_CASE("sqlite open: a copy has what was committed when it was made, and can be opened") {
    const TemporaryDatabase copy;
    for (const bool in_memory : {false, true}) {
        const TemporaryDatabase file;
        const auto core = open(in_memory ? ":memory:" : file.path());
        put(*core, "before");
        core->backup_to(copy.path()); // the second time in the place of the first
        put(*core, "after");
        const auto opened = open(copy.path());
        CHECK(opened->read([](TinyTables& tables) { return tables.has("before") && !tables.has("after"); }));
        CHECK(opened->integrity_check().empty());
    }
    for (const auto& entry : std::filesystem::directory_iterator(TemporaryDatabase::folder()))
        CHECK(entry.path().string().find(copy.path() + ".") == std::string::npos); // no parts are left
}

TEST_CASE("sqlite open: a copy is not put in the place of a database that is in use") {
    const TemporaryDatabase file;
    const TemporaryDatabase used;
    const auto core = open(file.path());
    const auto other = open(used.path());
    put(*other, "precious");
    const auto error = error_of([&] { core->backup_to(used.path()); });
    REQUIRE(error);
    CHECK(std::string(error->what()) ==
          "database \"" + used.path() + "\": it is in use, or was not closed well; name another file for the copy");
    CHECK(error_of([&] { core->backup_to(file.path()); }));
    CHECK(other->read([](TinyTables& tables) { return tables.has("precious"); }));
}

TEST_CASE("sqlite open: a copy is whole while others write", "[concurrent]") {
    const TemporaryDatabase file;
    const auto core = open(file.path());
    std::thread writer([&] {
        for (int i = 0; i < 200; ++i)
            put(*core, std::to_string(i));
    });
    const TemporaryDatabase copy;
    for (int i = 0; i < 3; ++i)
        core->backup_to(copy.path());
    writer.join();
    CHECK(open(copy.path())->integrity_check().empty());
    CHECK(count(*core) == 201);
}

TEST_CASE("sqlite open: integrity_check says what is damaged") {
    const TemporaryDatabase file;
    {
        const auto core = open(file.path());
        for (int i = 0; i < 300; ++i)
            put(*core, std::string(100, 'w') + std::to_string(i));
    }
    std::string bytes = bytes_of(file.path());
    REQUIRE(bytes.size() > 8 * 4'096);
    for (std::size_t i = bytes.size() - 4'096; i < bytes.size(); ++i)
        bytes[i] = '\x55';
    write_bytes(file.path(), bytes);
    const auto core = open(file.path());
    CHECK_FALSE(core->integrity_check().empty());
    const TemporaryDatabase copy;
    const auto error = error_of([&] { core->backup_to(copy.path()); });
    REQUIRE(error);
    CHECK(std::string(error->what()).find("could not make a whole copy") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(copy.path()));
}
