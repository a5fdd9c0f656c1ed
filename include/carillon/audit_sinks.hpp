// SPDX-License-Identifier: MIT
// audit_sinks.hpp - where audit events go besides the storage.
#pragma once

#include "carillon/error.hpp"
#include "carillon/model/audit.hpp"
#include "carillon/model/json.hpp"

#include <cerrno>
#include <concepts>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace carillon {

/// Gets each event after its change is committed, at most once, without a lock held, on the thread that made the
/// change. An exception in it harms nothing. Called from several threads at a time. What it misses, `list_audit` still
/// has.
using AuditSink = std::function<void(const AuditEvent&)>;

/// Appends one JSON object a line to a file, at once. Copies share the file, and so may other sinks and processes.
/// Thread-safe.
class JsonLinesSink {
public:
    /// Throws std::system_error where the file cannot be opened for appending.
    explicit JsonLinesSink(const std::string& path)
        : file_(std::make_shared<File>()) {
        file_->handle.reset(std::fopen(path.c_str(), "ab"));
        if (!file_->handle) throw std::system_error(errno, std::generic_category(), "audit file " + path);
        std::setvbuf(file_->handle.get(), nullptr, _IONBF, 0); // a line is one write, however long: others may append
    }

    /// Throws std::system_error where the line cannot be written.
    template <std::same_as<AuditEvent> Event>
    void operator()(const Event& event) const {
        const std::string line = nlohmann::json(event).dump() + "\n";
        const std::lock_guard lock(file_->mutex);
        std::FILE* handle = file_->handle.get();
        if (std::fwrite(line.data(), 1, line.size(), handle) != line.size())
            throw std::system_error(errno, std::generic_category(), "audit file");
    }

private:
    struct Close {
        void operator()(std::FILE* handle) const noexcept { std::fclose(handle); }
    };
    struct File {
        std::mutex mutex;
        std::unique_ptr<std::FILE, Close> handle;
    };
    std::shared_ptr<File> file_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

namespace detail {

/// The sinks of a facade. Thread-safe.
class SinkList {
public:
    void add(AuditSink sink) {
        if (!sink) throw Error(Errc::required, "sink: must not be empty", "sink");
        const std::lock_guard lock(mutex_);
        auto longer = std::make_shared<std::vector<AuditSink>>(*sinks_);
        longer->push_back(std::move(sink));
        sinks_ = std::move(longer);
    }

    [[nodiscard]] std::shared_ptr<const std::vector<AuditSink>> current() const {
        const std::lock_guard lock(mutex_);
        return sinks_;
    }

    void emit(const AuditEvent& event) const noexcept { emit(*current(), event); }
    static void emit(const std::vector<AuditSink>& sinks, const AuditEvent& event) noexcept {
        for (const AuditSink& sink : sinks) {
            try {
                sink(event);
            } catch (...) { // NOLINT(bugprone-empty-catch): a sink is never a reason to fail a change that is written
            }
        }
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const std::vector<AuditSink>> sinks_ = std::make_shared<std::vector<AuditSink>>();
};

} // namespace detail

} // namespace carillon
