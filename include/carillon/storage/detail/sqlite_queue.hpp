// SPDX-License-Identifier: MIT
// storage/detail/sqlite_queue.hpp - which of the runs that are ready a worker can have, in its order.
#pragma once

#include "carillon/storage/detail/sqlite_tables.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace carillon::detail {

/// The runs that are ready for one worker, in its order: tenants take turns, and of each the best of all its action
/// types comes first. Reads ahead as far as the claim may need.
template <class Void>
class SqliteTables<Void>::Queue {
public:
    Queue(SqliteTables& tables, const ClaimFilter& filter, const std::string& after_tenant, std::size_t limit)
        : tables_(tables)
        , filter_(filter)
        , now_(tables.lease_now())
        , limit_(limit)
        , first_after_(after_tenant)
        , from_(text_behind(after_tenant)) {
        for (const KeyRef& ref : filter.except_keys)
            except(ref);
        for (const std::string& type : filter.action_types)
            if (!has_type(type)) types_.push_back(&type);
    }

    [[nodiscard]] SteadyTime now() const noexcept { return now_; }
    /// The action types of which runs may be started.
    [[nodiscard]] const std::vector<const std::string*>& types() const noexcept { return types_; }

    /// Leaves out the types of which no run may be started now, and notes those that wait for an end.
    void close_types(bool note) {
        std::erase_if(types_, [&](const std::string* name) {
            const bool full = is_full(*name);
            if (full && note) tables_.work_.type(*name).found_full = true;
            return full || opens_at(*name) > now_;
        });
    }
    void close_full_types() {
        std::erase_if(types_, [&](const std::string* name) { return is_full(*name); });
    }
    [[nodiscard]] SteadyTime opens_at(const std::string& type) {
        const auto rate = filter_.limits.rates.find(type);
        if (rate == filter_.limits.rates.end()) return SteadyTime::min();
        return rate_opens_at(rate->second, tables_.work_.type(type).spent_until);
    }

    /// The run that is next; null where there is none. It is next until it is taken, or the tenant's turn is over.
    [[nodiscard]] RunRow* next();
    /// The run that was next is out of the way.
    void take(const RunRow& row);
    /// It was started: that was its tenant's turn.
    void end_turn() { ++at_; }
    /// Others of the tenant have become ready.
    void look_again();
    /// Counts a start by the limits.
    void count_start(const JobRun& run);

    /// The first run of the type that a tenant has ready and that no key excepts.
    [[nodiscard]] std::optional<Instant> oldest_ready(const std::string& type);

private:
    struct OfType {
        std::vector<RunRow> rows; // the next one last
        bool read = false;
        bool more = true;
    };
    struct OfTenant {
        std::string name;
        std::map<const std::string*, OfType> types;
    };

    [[nodiscard]] bool has_type(const std::string& name) const {
        return std::any_of(types_.begin(), types_.end(), [&](const std::string* each) { return *each == name; });
    }
    [[nodiscard]] bool is_full(const std::string& type) {
        const auto most = filter_.limits.per_type.find(type);
        if (most == filter_.limits.per_type.end() || most->second == 0) return false;
        return tables_.work_.type(type).running >= static_cast<std::int64_t>(most->second);
    }
    [[nodiscard]] bool is_full_tenant(const std::string& name) {
        const std::size_t most = filter_.limits.per_tenant;
        return most > 0 && tables_.work_.tenant(name).running >= static_cast<std::int64_t>(most);
    }

    void except(const KeyRef& ref) {
        if (!ref.key.empty()) {
            except_keys_.emplace(ref.tenant, ref.key);
            return;
        }
        auto rows = tables_.db_.query("SELECT row FROM carillon_job WHERE id = ?1", ref.job);
        if (rows.next()) except_jobs_.insert(rows.integer(0));
    }
    [[nodiscard]] bool excepts(std::int64_t job, const std::string& tenant, std::string_view key) const {
        if (except_jobs_.empty() && except_keys_.empty()) return false;
        return key.empty() ? except_jobs_.contains(job) : except_keys_.contains({tenant, std::string(key)});
    }

    bool discover();
    [[nodiscard]] std::optional<std::string> tenant_from(const std::string& from);
    [[nodiscard]] std::optional<std::string> tenant_of_type_from(const std::string& type, const std::string& from);
    [[nodiscard]] RunRow* best_of(OfTenant& tenant);
    void read_ahead(const std::string& tenant, const std::string& type, OfType& into);

    SqliteTables& tables_;
    const ClaimFilter& filter_;
    std::vector<const std::string*> types_;
    std::set<std::int64_t> except_jobs_;
    std::set<std::pair<std::string, std::string>> except_keys_;
    SteadyTime now_;
    std::size_t limit_;

    std::vector<std::unique_ptr<OfTenant>> ring_; // from behind `first_after_` on, in the order of their names
    std::size_t at_ = 0;
    std::string first_after_;
    std::string from_;
    bool wrapped_ = false;
    bool complete_ = false;
};

// ---- tenants in turn -----------------------------------------------------------------------------------------------

template <class Void>
auto SqliteTables<Void>::Queue::tenant_of_type_from(const std::string& type, const std::string& from)
    -> std::optional<std::string> {
    auto rows = tables_.db_.query("SELECT tenant FROM carillon_run WHERE place = 1 AND action_type = ?1 AND "
                                  "tenant >= ?2 ORDER BY tenant LIMIT 1",
                                  type,
                                  from);
    return rows.next() ? std::optional(rows.text(0)) : std::nullopt;
}

template <class Void>
auto SqliteTables<Void>::Queue::tenant_from(const std::string& from) -> std::optional<std::string> {
    std::optional<std::string> first;
    for (const std::string* type : types_) {
        auto found = tenant_of_type_from(*type, from);
        if (found && (!first || *found < *first)) first = std::move(found);
    }
    return first;
}

/// Finds the next tenant of the ring that is not full; false where there is none.
template <class Void>
bool SqliteTables<Void>::Queue::discover() {
    while (!complete_) {
        auto tenant = tenant_from(from_);
        if (tenant && (!wrapped_ || *tenant <= first_after_)) {
            from_ = text_behind(*tenant);
            if (is_full_tenant(*tenant)) {
                tables_.work_.tenant(*tenant).found_full = true;
                continue;
            }
            ring_.push_back(std::make_unique<OfTenant>());
            ring_.back()->name = std::move(*tenant);
            return true;
        }
        complete_ = std::exchange(wrapped_, true);
        from_.clear();
    }
    return false;
}

template <class Void>
auto SqliteTables<Void>::Queue::next() -> RunRow* {
    while (ring_.size() < limit_ && discover()) {
    }
    while (true) {
        if (at_ >= ring_.size() && !discover()) at_ = 0;
        if (ring_.empty()) return nullptr;
        OfTenant& tenant = *ring_[at_];
        const bool full = is_full_tenant(tenant.name);
        if (full) tables_.work_.tenant(tenant.name).found_full = true;
        RunRow* row = full ? nullptr : best_of(tenant);
        if (row) return row;
        ring_.erase(ring_.begin() + static_cast<std::ptrdiff_t>(at_));
    }
}

template <class Void>
auto SqliteTables<Void>::Queue::best_of(OfTenant& tenant) -> RunRow* {
    const auto place = [](const RunRow& row) {
        return std::tuple(-row.run.priority, row.run.not_before, row.run.id);
    };
    RunRow* best = nullptr;
    for (const std::string* type : types_) {
        OfType& rows = tenant.types[type];
        if (rows.rows.empty() && rows.more) read_ahead(tenant.name, *type, rows);
        if (rows.rows.empty()) continue;
        if (!best || place(rows.rows.back()) < place(*best)) best = &rows.rows.back();
    }
    return best;
}

/// As many as its share of what the claim still wants.
template <class Void>
void SqliteTables<Void>::Queue::read_ahead(const std::string& tenant, const std::string& type, OfType& into) {
    static constexpr auto select = sql_text("SELECT ",
                                            whole_run_columns,
                                            " FROM carillon_run AS r WHERE place = 1 AND action_type = ?1 AND "
                                            "tenant = ?2 ORDER BY priority DESC, not_before, id");
    tables_.starts_.write();
    const std::size_t wanted = std::max<std::size_t>(1, limit_ / std::max<std::size_t>(1, ring_.size()));
    auto rows = tables_.db_.query(select, type, tenant);
    std::vector<std::int64_t> jobs;
    into.more = false;
    while (rows.next()) {
        if (excepts(rows.integer(1), tenant, rows.view(3))) continue;
        into.rows.push_back(read_run(rows));
        if (jobs.empty() || jobs.back() != into.rows.back().job) jobs.push_back(into.rows.back().job);
        if (into.rows.size() < wanted) continue;
        into.more = true; // perhaps
        break;
    }
    tables_.fetch_jobs_with_definitions(jobs);
    for (RunRow& row : into.rows)
        row.run.job_id = tables_.work_.job(row.job).id;
    std::reverse(into.rows.begin(), into.rows.end());
}

template <class Void>
void SqliteTables<Void>::Queue::take(const RunRow& row) {
    for (auto& [type, rows] : ring_[at_]->types)
        if (!rows.rows.empty() && rows.rows.back().row == row.row) {
            rows.rows.pop_back();
            return;
        }
}

template <class Void>
void SqliteTables<Void>::Queue::look_again() {
    ring_[at_]->types.clear();
}

template <class Void>
void SqliteTables<Void>::Queue::count_start(const JobRun& run) {
    SqliteTypeRow& type = tables_.work_.type(run.action_type);
    ++type.running;
    ++tables_.work_.tenant(run.tenant_id).running;
    if (limit_ > 0) --limit_;
    const auto rate = filter_.limits.rates.find(run.action_type);
    if (rate != filter_.limits.rates.end()) type.spent_until = rate_spent_until(rate->second, type.spent_until, now_);
    if (!filter_.limits.per_type.empty() || !filter_.limits.rates.empty()) close_types(true);
}

// ---- what is due ---------------------------------------------------------------------------------------------------

template <class Void>
auto SqliteTables<Void>::Queue::oldest_ready(const std::string& type) -> std::optional<Instant> {
    std::optional<std::string> tenant = tenant_of_type_from(type, "");
    for (; tenant; tenant = tenant_of_type_from(type, text_behind(*tenant))) {
        if (is_full_tenant(*tenant)) continue;
        auto rows = tables_.db_.query("SELECT job, key, not_before FROM carillon_run WHERE place = 1 AND "
                                      "action_type = ?1 AND tenant = ?2 ORDER BY priority DESC, not_before, id",
                                      type,
                                      *tenant);
        while (rows.next())
            if (!excepts(rows.integer(0), *tenant, rows.view(1))) return rows.instant(2);
    }
    return std::nullopt;
}

} // namespace carillon::detail
