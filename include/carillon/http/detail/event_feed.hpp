// SPDX-License-Identifier: MIT
// http/detail/event_feed.hpp - what has changed for a tenant, gathered into a few events that its streams share.
//
// An event says where to look again, not what is there: 300,000 runs a second are announced as three are.
#pragma once

#include "carillon/clock.hpp"
#include "carillon/ids.hpp"
#include "carillon/stats.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

/// One event as the format of server-sent events has it; without an id where `id` is empty.
[[nodiscard]] inline std::string event_text(std::string_view name, const nlohmann::json& data, std::string_view id) {
    std::string text;
    if (!id.empty()) text.append("id: ").append(id).append("\n");
    text.append("event: ").append(name).append("\ndata: ");
    text += data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return text += "\n\n";
}

/// Ids that have changed; past `most` of them it is all.
template <class IdType>
class ChangedIds {
public:
    static constexpr std::size_t most = 200;

    void add(const IdType& id) {
        if (all_) return;
        ids_.insert(id);
        if (ids_.size() > most) add_all();
    }
    void add_all() {
        all_ = true;
        ids_.clear();
    }
    [[nodiscard]] bool all() const noexcept { return all_; }
    [[nodiscard]] bool empty() const noexcept { return !all_ && ids_.empty(); }
    [[nodiscard]] bool has(const IdType& id) const { return all_ || ids_.contains(id); }
    void merge(const ChangedIds& other) {
        if (other.all_) return add_all();
        for (const IdType& id : other.ids_)
            add(id);
    }
    [[nodiscard]] nlohmann::json to_json() const {
        nlohmann::json list = nlohmann::json::array();
        for (const IdType& id : ids_)
            list.push_back(id.str());
        return list;
    }

private:
    std::set<IdType> ids_;
    bool all_ = false;
};

/// What has changed: jobs themselves, runs, and the jobs whose runs these are.
struct Changes {
    ChangedIds<JobId> jobs{};
    ChangedIds<RunId> runs{};
    ChangedIds<JobId> jobs_of_runs{};

    [[nodiscard]] bool empty() const noexcept { return jobs.empty() && runs.empty() && jobs_of_runs.empty(); }
    void add_all() {
        jobs.add_all();
        runs.add_all();
        jobs_of_runs.add_all();
    }
    void merge(const Changes& other) {
        jobs.merge(other.jobs);
        runs.merge(other.runs);
        jobs_of_runs.merge(other.jobs_of_runs);
    }
};

/// What of the numbers changes by what happens, and not by time alone.
struct Pulse {
    std::map<JobStatus, std::size_t> jobs{};
    std::size_t running = 0;
    MinuteStats minute{};

    [[nodiscard]] static Pulse of(const TenantStats& stats) {
        return {stats.jobs, stats.running, stats.minutes.empty() ? MinuteStats{} : stats.minutes.back()};
    }
    [[nodiscard]] bool differs_from(const Pulse& before) const {
        const MinuteStats nothing_yet{minute.minute, 0, 0};
        const MinuteStats& seen = before.minute.minute == minute.minute ? before.minute : nothing_yet;
        return jobs != before.jobs || running != before.running || minute != seen;
    }
};

/// The events of one tenant. Not thread-safe: the hub's lock is held.
class EventFeed {
public:
    static constexpr Duration gathers_for = std::chrono::milliseconds{250};
    static constexpr Duration reads_every = std::chrono::seconds{1};         ///< where something was heard of
    static constexpr Duration reads_unasked_every = std::chrono::seconds{2}; ///< other machines are not heard
    static constexpr std::size_t most_kept = 1'024;
    static constexpr std::size_t most_bytes_kept = 64 * 1'024;

    struct Reading {
        std::uint64_t last = 0;
        bool gap = false; ///< some are no longer there
        std::string text{};
        Changes changes{};
    };

    EventFeed(std::string epoch, SteadyTime now)
        : epoch_(std::move(epoch))
        , read_at_(now) {}

    /// What will be said of them: call `gathered_by` after it.
    [[nodiscard]] Changes& changes() noexcept { return changes_; }
    void say_why(std::string_view reason) {
        if (reason_.empty()) reason_ = reason;
        if (reason_ != reason) reason_ = "several";
    }
    /// Whether this is the first change after a pause, so that somebody has to come back for it.
    [[nodiscard]] bool begins(SteadyTime now) {
        heard_ = true;
        if (due_) return false;
        due_ = now + gathers_for;
        return true;
    }

    /// Makes events of what has been gathered, if it is time.
    void flush(SteadyTime now) {
        if (!due_ || now < *due_) return;
        due_.reset();
        Changes changes = std::exchange(changes_, {});
        const std::string reason = std::exchange(reason_, {});
        if (!changes.jobs.empty()) {
            nlohmann::json data{{"reason", reason}};
            say(data, "ids", changes.jobs);
            push("jobs", data, {changes.jobs, {}, {}});
        }
        if (changes.runs.empty() && changes.jobs_of_runs.empty()) return;
        nlohmann::json data = nlohmann::json::object();
        say(data, "ids", changes.runs);
        if (!changes.jobs_of_runs.all()) data["job_ids"] = changes.jobs_of_runs.to_json();
        if (changes.jobs_of_runs.all()) data["all"] = true;
        push("runs", data, {{}, std::move(changes.runs), std::move(changes.jobs_of_runs)});
    }

    void push(std::string_view name, const nlohmann::json& data, Changes changes = {}) {
        kept_.push_back({event_text(name, data, id_of(++last_)), std::move(changes)});
        bytes_ += kept_.back().text.size();
        while (kept_.size() > most_kept || (bytes_ > most_bytes_kept && kept_.size() > 1)) {
            bytes_ -= kept_.front().text.size();
            kept_.pop_front();
        }
    }

    [[nodiscard]] Reading read_after(std::uint64_t number) const {
        Reading reading{.last = last_};
        const std::uint64_t first = last_ - kept_.size(); // the number before the first that is kept
        if (number < first || number > last_) {
            reading.gap = true;
            reading.changes.add_all();
            return reading;
        }
        for (std::size_t i = static_cast<std::size_t>(number - first); i < kept_.size(); ++i) {
            reading.text += kept_[i].text;
            reading.changes.merge(kept_[i].changes);
        }
        return reading;
    }

    // ---- the numbers

    /// Whether the caller is the one to read them now.
    [[nodiscard]] bool take_reading(SteadyTime now) {
        if (now < reading_due()) return false;
        read_at_ = now;
        heard_before_reading_ = std::exchange(heard_, false);
        return true;
    }
    /// Whether that is news.
    [[nodiscard]] bool put_numbers(const nlohmann::json& numbers, const Pulse& pulse, SteadyTime now) {
        const bool elsewhere = pulse_ && !heard_before_reading_ && !heard_ && pulse.differs_from(*pulse_);
        pulse_ = pulse;
        if (elsewhere) {
            changes_.add_all();
            say_why("elsewhere");
            (void)begins(now);
        }
        return put("stats", numbers, numbers_) || elsewhere;
    }
    [[nodiscard]] bool put_workers(const nlohmann::json& workers) { return put("workers", workers, workers_); }

    /// When somebody has to come back.
    [[nodiscard]] SteadyTime next_due() const { return due_ ? std::min(*due_, reading_due()) : reading_due(); }

    // ---- who listens

    [[nodiscard]] std::string id_of(std::uint64_t number) const { return epoch_ + "-" + std::to_string(number); }
    [[nodiscard]] const std::string& epoch() const noexcept { return epoch_; }
    [[nodiscard]] std::uint64_t last() const noexcept { return last_; }
    std::vector<WakeSignal*> signals{};
    /// Since when nobody does.
    SteadyTime left_at{};

    void wake_all() const {
        for (WakeSignal* signal : signals)
            signal->notify();
    }

private:
    struct Kept {
        std::string text;
        Changes changes;
    };

    template <class IdType>
    static void say(nlohmann::json& data, const char* name, const ChangedIds<IdType>& ids) {
        if (ids.all())
            data["all"] = true;
        else
            data[name] = ids.to_json();
    }
    [[nodiscard]] bool put(std::string_view name, const nlohmann::json& value, nlohmann::json& before) {
        if (value == before) return false;
        before = value;
        push(name, value);
        return true;
    }
    [[nodiscard]] SteadyTime reading_due() const {
        return read_at_ + (heard_ ? Duration{reads_every} : Duration{reads_unasked_every});
    }

    std::string epoch_;
    Changes changes_;
    std::string reason_;
    std::optional<SteadyTime> due_; ///< of what is gathered
    std::deque<Kept> kept_;
    std::size_t bytes_ = 0;
    std::uint64_t last_ = 0;
    SteadyTime read_at_;
    bool heard_ = false; ///< of a change, since the numbers were read
    bool heard_before_reading_ = false;
    std::optional<Pulse> pulse_;
    nlohmann::json numbers_;
    nlohmann::json workers_;
};

} // namespace carillon::detail
