// SPDX-License-Identifier: MIT
// storage/detail/sqlite_files.hpp - what the operating system says about a database file.
//
// Never opens the file itself: closing it again would take the locks away that SQLite holds on it in this process.
#pragma once

#include "carillon/error.hpp"
#include "carillon/storage/detail/sqlite_options.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#if __has_include(<unistd.h>)
#    include <fcntl.h>
#    include <sys/stat.h>
#    include <unistd.h>
#endif
#if __has_include(<sys/statfs.h>)
#    include <sys/statfs.h>
#endif

namespace carillon::detail {

[[noreturn]] inline void refuse_database(const std::string& path, std::string_view why, std::string_view help) {
    throw Error(Errc::unavailable, "database \"" + path + "\": " + std::string(why) + "; " + std::string(help), "path");
}

struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

[[nodiscard]] inline std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

/// The name of a file system that other machines may write to, or that a program provides, by its number in
/// statfs(2); empty for others. SQLite's locks are not to be trusted there, nor is shared memory there at all.
[[nodiscard]] constexpr std::string_view network_file_system(std::uint64_t type) noexcept {
    struct Row {
        std::uint64_t type;
        std::string_view name;
    };
    constexpr std::array rows{
        Row{0x6969, "NFS"},
        Row{0x517b, "SMB"},
        Row{0xff53'4d42, "CIFS"},
        Row{0xfe53'4d42, "SMB2"},
        Row{0x0102'1997, "9P"},
        Row{0x6573'5546, "FUSE"},
        Row{0x00c3'6400, "Ceph"},
        Row{0x5346'414f, "AFS"},
        Row{0x0bd0'0bd0, "Lustre"},
        Row{0x0116'1970, "GFS2"},
        Row{0x7461'636f, "OCFS2"},
        Row{0x786f'4256, "VirtualBox's shared folder"},
    };
    for (const Row& row : rows)
        if (row.type == (type & 0xffff'ffff)) return row.name;
    return {};
}

inline void refuse_network_file_system(const std::string& path, std::uint64_t type) {
    const std::string_view name = network_file_system(type);
    if (name.empty()) return;
    refuse_database(path,
                    "it lies on " + std::string(name) + ", where several machines can damage it",
                    "keep it on a disk of this machine, or set allow_network_file_system");
}

#if __has_include(<unistd.h>)

/// Empty where there is no such file.
[[nodiscard]] inline std::optional<FileIdentity> file_identity(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return FileIdentity{status.st_dev, status.st_ino};
}

[[nodiscard]] inline bool is_folder(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

[[nodiscard]] inline bool may(const std::string& path, int rights) {
    return ::faccessat(AT_FDCWD, path.c_str(), rights, AT_EACCESS) == 0;
}

/// Refuses what SQLite would refuse later, or in fewer words.
inline void check_database_path(const std::string& path, const SqliteOptions& options) {
    const std::string folder = folder_of(path);
    if (is_folder(path)) refuse_database(path, "it is a folder", "name a file in it");
    if (!is_folder(folder)) refuse_database(path, "there is no folder \"" + folder + "\"", "create it first");
    const bool exists = file_identity(path).has_value();
    if (exists && !may(path, R_OK | W_OK))
        refuse_database(path, "this process may not read and write it", "give it the right, or name another file");
    if (!may(folder, W_OK | X_OK))
        refuse_database(path,
                        "this process may not write to the folder \"" + folder + "\"",
                        "SQLite keeps files beside the database: give it the right, or name another folder");
#    if __has_include(<sys/statfs.h>)
    struct statfs system {};
    if (!options.allow_network_file_system && ::statfs(folder.c_str(), &system) == 0)
        refuse_network_file_system(path, static_cast<std::uint64_t>(system.f_type));
#    endif
}

/// Makes a rename in the folder survive a loss of power.
inline void sync_folder(const std::string& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int code = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (!synced)
        throw Error(Errc::unavailable, "folder \"" + folder + "\" could not be synced: " + std::strerror(code));
}

#else

[[nodiscard]] inline std::optional<FileIdentity> file_identity(const std::string&) {
    return std::nullopt;
}
inline void check_database_path(const std::string&, const SqliteOptions&) {}
inline void sync_folder(const std::string&) {}

#endif

/// What Linux calls this start of the machine; empty elsewhere.
[[nodiscard]] inline std::string read_boot_id() {
    std::string text(64, '\0');
    std::FILE* file = std::fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file == nullptr) return {};
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    return text.substr(0, text.find('\n'));
}

} // namespace carillon::detail
