// SPDX-License-Identifier: MIT
// lookup.hpp - which job does a person mean? Its id, its key, its name, or the beginning of one of them.
#pragma once

#include <carillon/scheduler_facade.hpp>

#include "outcome.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillonctl {

/// A page, as large as pages may be.
inline constexpr std::size_t page_size = 1'000;

/// Calls `visit(job)` for the tenant's jobs, page by page, until it says false.
template <carillon::Storage S, class Visit>
void each_job(const carillon::SchedulerFacade<S>& scheduler,
              const carillon::Caller& caller,
              carillon::JobQuery query,
              Visit visit) {
    for (query.limit = page_size;;) {
        const auto page = scheduler.list_jobs(caller, query);
        for (const carillon::ScheduledJob& job : page)
            if (!visit(job)) return;
        if (page.size() < page_size) return;
        query.after = page.back();
    }
}

/// Jobs that a text may mean, the surest kind first.
class Candidates {
public:
    explicit Candidates(std::string_view text)
        : text_(text) {}

    /// False: this is it, no other can be.
    bool add(const carillon::ScheduledJob& job) {
        if (job.key == text_) {
            named_ = {job};
            return false;
        }
        if (job.name == text_ && named_.size() <= shown) named_.push_back(job);
        if (begun_by(job) && begun_.size() <= shown) begun_.push_back(job);
        return true;
    }

    /// The one job; empty where there is none. Throws where there are several.
    [[nodiscard]] std::optional<carillon::ScheduledJob> the_one() const {
        const auto& found = named_.empty() ? begun_ : named_;
        if (found.empty()) return std::nullopt;
        if (found.size() == 1) return found.front();
        std::string message = "\"" + std::string(text_) + "\" may be";
        for (std::size_t i = 0; i < found.size() && i < shown; ++i)
            message += (i == 0 ? " \"" : ", \"") + found[i].name + "\" " + found[i].id.str();
        throw WrongUsage(message + (found.size() > shown ? " or another" : "") + ": give more of it, or the id");
    }

private:
    static constexpr std::size_t shown = 4;
    /// Of a random or a time's hexadecimal digits, fewer mean nothing.
    static constexpr std::size_t shortest_id = 6;

    [[nodiscard]] bool begun_by(const carillon::ScheduledJob& job) const {
        if (text_.empty()) return false;
        const std::string id = job.id.str();
        return job.key.starts_with(text_) || job.name.starts_with(text_) ||
               (text_.size() >= shortest_id && (id.starts_with(text_) || id.ends_with(text_)));
    }

    std::string_view text_;
    std::vector<carillon::ScheduledJob> named_;
    std::vector<carillon::ScheduledJob> begun_;
};

[[nodiscard]] inline NotFound no_job(const std::string& text, const carillon::Caller& caller) {
    return NotFound("tenant \"" + caller.tenant + "\" has no job \"" + text +
                    "\": `carillonctl list` shows those it has");
}

/// By id, else by key, else by name, else by the beginning of one of them or the end of the id. Throws NotFound, and
/// WrongUsage where it may be several.
template <carillon::Storage S>
[[nodiscard]] carillon::ScheduledJob
find_job(const carillon::SchedulerFacade<S>& scheduler, const carillon::Caller& caller, const std::string& text) {
    std::optional<carillon::ScheduledJob> job;
    if (const auto id = carillon::JobId::parse(text)) {
        job = scheduler.get_job(*id, caller);
    } else {
        Candidates candidates(text);
        each_job(scheduler, caller, {}, [&](const carillon::ScheduledJob& each) { return candidates.add(each); });
        job = candidates.the_one();
    }
    if (!job) throw no_job(text, caller);
    return *std::move(job);
}

/// The same for those that may be deleted, whose history can still be asked for by the whole id.
template <carillon::Storage S>
[[nodiscard]] carillon::JobId
find_job_id(const carillon::SchedulerFacade<S>& scheduler, const carillon::Caller& caller, const std::string& text) {
    if (const auto id = carillon::JobId::parse(text)) return *id;
    return find_job(scheduler, caller, text).id;
}

} // namespace carillonctl
