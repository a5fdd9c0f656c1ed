// SPDX-License-Identifier: MIT
// support/faulty_vfs.hpp - a disk under SQLite that fails when the test says so, and that can lose its power.
//
//   support::FaultyVfs disk;                             // whatever SQLite opens from now on is on it
//   disk.fail({FileCall::write, SQLITE_FULL, 3});        // the third write from now finds the disk full
//   ...
//   disk.mend();
//   write_after_power_loss(disk.files(), folder, Survivors::torn, seed);
//
// Writes reach the real files at once, as they reach the cache of an operating system. A sync costs nothing and is
// noted: what comes after the last one is what a power loss may take. Files in shared memory lie under it as they are.
#pragma once

#include "support/disk_image.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace support {

/// What SQLite asks of its operating system. Reads of a database and of its log are told apart: SQLite takes what is
/// missing at the end of a database for zeros.
enum class FileCall : std::uint8_t {
    open,
    read,
    read_log,
    write,
    truncate,
    sync,
    size,
    remove,
    lock,
    shm_map,
    shm_lock
};

struct Fault {
    static constexpr std::size_t for_ever = SIZE_MAX;

    FileCall call{};
    /// The result that the call then has. SQLITE_IOERR_SHORT_READ leaves the second half of what was read away, which
    /// only a log can bear; a write that fails has written its first half.
    int code = SQLITE_IOERR;
    /// From 1: which of these calls is the first to fail,
    std::size_t first = 1;
    /// and how many fail from then on.
    std::size_t times = 1;
};

/// SQLite's default VFS while it exists; every connection that was opened on it must be closed before it goes.
/// Thread-safe, but for its destruction.
class FaultyVfs {
public:
    FaultyVfs()
        : real_(sqlite3_vfs_find(nullptr)) {
        vfs_ = *real_;
        vfs_.iVersion = 2;
        vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
        vfs_.zName = "carillon-faulty";
        vfs_.pAppData = this;
        vfs_.xOpen = open;
        vfs_.xDelete = remove;
        vfs_.xAccess = [](sqlite3_vfs* vfs, const char* path, int flags, int* answer) {
            return of(vfs).real_->xAccess(of(vfs).real_, path, flags, answer);
        };
        vfs_.xFullPathname = [](sqlite3_vfs* vfs, const char* path, int size, char* full) {
            return of(vfs).real_->xFullPathname(of(vfs).real_, path, size, full);
        };
        if (sqlite3_vfs_register(&vfs_, 1) != SQLITE_OK) throw std::runtime_error("SQLite takes no VFS");
    }
    FaultyVfs(const FaultyVfs&) = delete;
    FaultyVfs& operator=(const FaultyVfs&) = delete;
    ~FaultyVfs() { sqlite3_vfs_unregister(&vfs_); }

    /// Counts from 0 again; a fault that was there is mended.
    void fail(const Fault& fault) {
        const std::lock_guard lock(mutex_);
        fault_ = fault;
        calls_ = {};
        failed_ = 0;
    }
    void mend() {
        const std::lock_guard lock(mutex_);
        fault_.reset();
    }
    /// Since the last `fail`, those that failed included.
    [[nodiscard]] std::size_t calls(FileCall call) const {
        const std::lock_guard lock(mutex_);
        return calls_[static_cast<std::size_t>(call)];
    }
    /// How many calls have failed since the last `fail`.
    [[nodiscard]] std::size_t failed() const {
        const std::lock_guard lock(mutex_);
        return failed_;
    }
    /// All that was opened so far, as the disk has it now.
    [[nodiscard]] DiskFiles files() const {
        const std::lock_guard lock(mutex_);
        return files_;
    }
    /// Called after each write, truncate, removal and sync, by whose thread does it, without a lock: here the power may
    /// go. Must not use SQLite.
    void on_change(std::function<void()> told) {
        const std::lock_guard lock(mutex_);
        told_ = std::move(told);
    }

private:
    /// Ours; the real one's follows it in memory.
    struct File {
        sqlite3_file base;
        FaultyVfs* disk;
        DiskFile* noted; ///< null for temporary files without a name
        FileCall reading;
    };

    static FaultyVfs& of(sqlite3_vfs* vfs) { return *static_cast<FaultyVfs*>(vfs->pAppData); }
    static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
    static sqlite3_file* real(sqlite3_file* file) {
        return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(File));
    }
    static const sqlite3_io_methods& real_methods(sqlite3_file* file) { return *real(file)->pMethods; }

    /// Counts the call; what it shall fail with, or SQLITE_OK.
    int ask(FileCall call) {
        const std::lock_guard lock(mutex_);
        const std::size_t count = ++calls_[static_cast<std::size_t>(call)];
        if (!fault_ || fault_->call != call || count < fault_->first || count - fault_->first >= fault_->times)
            return SQLITE_OK;
        ++failed_;
        return fault_->code;
    }
    static int ask(sqlite3_file* file, FileCall call) { return of(file).disk->ask(call); }

    template <class Change>
    static void note(sqlite3_file* file, Change change) {
        FaultyVfs& disk = *of(file).disk;
        if (of(file).noted) {
            const std::lock_guard lock(disk.mutex_);
            change(*of(file).noted);
        }
        disk.tell();
    }
    void tell() {
        std::function<void()> told;
        {
            const std::lock_guard lock(mutex_);
            told = told_;
        }
        if (told) told();
    }

    // ---- the file system

    static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
        FaultyVfs& disk = of(vfs);
        file->pMethods = nullptr; // nothing to close
        if (const int code = disk.ask(FileCall::open)) return code;
        DiskFile* noted = nullptr;
        if (path) {
            const std::lock_guard lock(disk.mutex_);
            noted = &disk.files_.try_emplace(path, path).first->second;
        }
        const int code = disk.real_->xOpen(disk.real_, path, real(file), flags, out_flags);
        if (code != SQLITE_OK) return code;
        of(file).disk = &disk;
        of(file).noted = noted;
        of(file).reading = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? FileCall::read : FileCall::read_log;
        file->pMethods = &methods();
        return SQLITE_OK;
    }

    static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
        FaultyVfs& disk = of(vfs);
        if (const int code = disk.ask(FileCall::remove)) return code;
        const int code = disk.real_->xDelete(disk.real_, path, 0);
        {
            const std::lock_guard lock(disk.mutex_);
            const auto at = disk.files_.find(path);
            if (code == SQLITE_OK && at != disk.files_.end()) {
                at->second.remove();
                if (sync_folder) at->second.sync();
            }
        }
        disk.tell();
        return code;
    }

    // ---- one file

    static const sqlite3_io_methods& methods() {
        static const sqlite3_io_methods methods = [] {
            sqlite3_io_methods table{};
            table.iVersion = 2; // without memory mapping: every read is a call
            table.xClose = [](sqlite3_file* file) {
                return real_methods(file).xClose(real(file));
            };
            table.xRead = read;
            table.xWrite = write;
            table.xTruncate = truncate;
            table.xSync = sync;
            table.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
                if (const int code = ask(file, FileCall::size)) return code;
                return real_methods(file).xFileSize(real(file), size);
            };
            add_locks(table);
            table.xFileControl = [](sqlite3_file* file, int operation, void* argument) {
                return real_methods(file).xFileControl(real(file), operation, argument);
            };
            table.xSectorSize = [](sqlite3_file* file) {
                return real_methods(file).xSectorSize(real(file));
            };
            table.xDeviceCharacteristics = [](sqlite3_file* file) {
                return real_methods(file).xDeviceCharacteristics(real(file));
            };
            return table;
        }();
        return methods;
    }

    static void add_locks(sqlite3_io_methods& table) {
        table.xLock = [](sqlite3_file* file, int level) {
            if (const int code = ask(file, FileCall::lock)) return code;
            return real_methods(file).xLock(real(file), level);
        };
        table.xUnlock = [](sqlite3_file* file, int level) {
            return real_methods(file).xUnlock(real(file), level);
        };
        table.xCheckReservedLock = [](sqlite3_file* file, int* reserved) {
            return real_methods(file).xCheckReservedLock(real(file), reserved);
        };
        table.xShmMap = [](sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
            if (const int code = ask(file, FileCall::shm_map)) return code;
            return real_methods(file).xShmMap(real(file), region, size, extend, memory);
        };
        table.xShmLock = [](sqlite3_file* file, int first, int count, int flags) {
            const int code = (flags & SQLITE_SHM_LOCK) != 0 ? ask(file, FileCall::shm_lock) : SQLITE_OK;
            return code ? code : real_methods(file).xShmLock(real(file), first, count, flags);
        };
        table.xShmBarrier = [](sqlite3_file* file) {
            real_methods(file).xShmBarrier(real(file));
        };
        table.xShmUnmap = [](sqlite3_file* file, int remove) {
            return real_methods(file).xShmUnmap(real(file), remove);
        };
    }

    static int read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
        const int fault = ask(file, of(file).reading);
        if (fault != SQLITE_OK && fault != SQLITE_IOERR_SHORT_READ) return fault;
        const int code = real_methods(file).xRead(real(file), bytes, count, offset);
        if (fault == SQLITE_OK) return code;
        const auto left = static_cast<std::size_t>(count / 2);
        std::memset(static_cast<char*>(bytes) + left, 0, static_cast<std::size_t>(count) - left);
        return fault;
    }

    static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
        const int fault = ask(file, FileCall::write);
        const int written = fault == SQLITE_OK ? count : count / 2;
        const int code = written ? real_methods(file).xWrite(real(file), bytes, written, offset) : SQLITE_OK;
        if (code != SQLITE_OK) return code;
        note(file, [&](DiskFile& noted) {
            noted.write(static_cast<std::size_t>(offset),
                        std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(written)));
        });
        return fault;
    }

    static int truncate(sqlite3_file* file, sqlite3_int64 size) {
        if (const int code = ask(file, FileCall::truncate)) return code;
        const int code = real_methods(file).xTruncate(real(file), size);
        if (code == SQLITE_OK) note(file, [&](DiskFile& noted) { noted.truncate(static_cast<std::size_t>(size)); });
        return code;
    }

    static int sync(sqlite3_file* file, int) {
        if (const int code = ask(file, FileCall::sync)) return code;
        note(file, [&](DiskFile& noted) { sync_file(of(file).disk->files_, noted); });
        return SQLITE_OK;
    }

    sqlite3_vfs* real_;
    sqlite3_vfs vfs_{};
    mutable std::mutex mutex_;
    std::optional<Fault> fault_;
    std::array<std::size_t, 11> calls_{};
    std::size_t failed_ = 0;
    DiskFiles files_;
    std::function<void()> told_;
};

} // namespace support
