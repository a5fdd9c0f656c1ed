// SPDX-License-Identifier: MIT
// support/disk_image.hpp - what is on a disk for good, what is only on its way there, and what a power loss makes of
// it.
//
// What was written since the last sync is lost, or some of it is, in any order, or some sectors of it are: a disk
// promises nothing else.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// Which of the changes that were not synced a power loss leaves.
enum class Survivors : std::uint8_t {
    none,
    some, ///< each whole or not at all, by chance
    torn, ///< each sector of 512 bytes by chance
};

class DiskFile {
public:
    /// Begins with what is there now; a file that is not there does not exist.
    explicit DiskFile(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        if (file) durable_.emplace(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }

    void write(std::size_t offset, std::string bytes) { pending_.push_back({Kind::write, offset, std::move(bytes)}); }
    void truncate(std::size_t size) { pending_.push_back({Kind::truncate, size, {}}); }
    void remove() { pending_.push_back({Kind::remove, 0, {}}); }
    /// All of it is on the disk.
    void sync() {
        for (const Change& change : std::exchange(pending_, {}))
            apply(durable_, change);
    }
    /// Whether the folder on the disk does not name it yet.
    [[nodiscard]] bool is_new() const { return !durable_; }
    /// The folder was synced: the file is gone for good, if it was removed, with what was written before that.
    void sync_removal() {
        const auto behind = std::find_if(pending_.rbegin(), pending_.rend(), [](const Change& change) {
                                return change.kind == Kind::remove;
                            }).base();
        if (behind == pending_.begin()) return;
        durable_.reset();
        pending_.erase(pending_.begin(), behind);
    }

    /// Its bytes after a power loss at this moment; none where the file would not exist.
    [[nodiscard]] std::optional<std::string> after_power_loss(Survivors survivors, std::mt19937_64& chance) const {
        std::optional<std::string> bytes = durable_;
        for (const Change& change : pending_) {
            if (survivors == Survivors::none) continue;
            if (survivors == Survivors::torn && change.kind == Kind::write)
                apply_sectors(bytes, change, chance);
            else if (chance() % 2 == 0)
                apply(bytes, change);
        }
        return bytes;
    }

private:
    enum class Kind : std::uint8_t { write, truncate, remove };
    struct Change {
        Kind kind;
        std::size_t offset; ///< of a write; the size left by a truncate
        std::string bytes;
    };
    static constexpr std::size_t sector = 512;

    static void apply(std::optional<std::string>& file, const Change& change) {
        if (change.kind == Kind::remove) {
            file.reset();
            return;
        }
        if (!file) file.emplace();
        if (change.kind == Kind::truncate) {
            file->resize(change.offset);
            return;
        }
        file->resize(std::max(file->size(), change.offset + change.bytes.size()));
        file->replace(change.offset, change.bytes.size(), change.bytes);
    }

    static void apply_sectors(std::optional<std::string>& file, const Change& write, std::mt19937_64& chance) {
        for (std::size_t at = 0; at < write.bytes.size();) {
            const std::size_t length =
                std::min(sector - (write.offset + at) % sector, write.bytes.size() - at); // to the sector's end
            if (chance() % 2 == 0) apply(file, {Kind::write, write.offset + at, write.bytes.substr(at, length)});
            at += length;
        }
    }

    std::optional<std::string> durable_;
    std::vector<Change> pending_;
};

/// The files of a disk, by path. A copy is the disk at that moment.
using DiskFiles = std::map<std::string, DiskFile>;

/// Syncs a file; one that is new, together with its folder.
inline void sync_file(DiskFiles& files, DiskFile& file) {
    if (file.is_new())
        for (auto& [path, other] : files)
            other.sync_removal();
    file.sync();
}

/// Writes into `folder`, under their names, the files that a power loss leaves.
inline void
write_after_power_loss(const DiskFiles& files, const std::string& folder, Survivors survivors, std::uint64_t seed) {
    std::mt19937_64 chance(seed);
    for (const auto& [path, file] : files) {
        const auto bytes = file.after_power_loss(survivors, chance);
        if (!bytes) continue;
        std::ofstream copy(std::filesystem::path(folder) / std::filesystem::path(path).filename(), std::ios::binary);
        copy.write(bytes->data(), static_cast<std::streamsize>(bytes->size()));
    }
}

} // namespace support
