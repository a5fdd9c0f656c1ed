// SPDX-License-Identifier: MIT
// storage/detail/memory_queue.hpp - the pending runs of MemoryStorage, in the order in which workers may have them.
//
// A claim looks at the first run of each tenant and type, and never at those that a limit holds back: a type that is
// full or has used up its rate is left out as a whole, and a tenant that is found full is put aside until a run of it
// ends.
#pragma once

#include "carillon/storage/detail/memory_rows.hpp"
#include "carillon/storage/storage.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon::detail {

template <class Void>
class MemoryQueue {
public:
    using Rows = MemoryRows<Void>;
    using RunRow = typename Rows::RunRow;
    using KeyRow = typename Rows::KeyRow;
    using TenantRow = typename Rows::TenantRow;
    using TypeRow = typename Rows::TypeRow;
    using ReadyRuns = typename Rows::ReadyRuns;

    /// A ClaimFilter as rows, at a moment of `lease_now()`.
    struct Reach {
        struct Type {
            TypeRow* row = nullptr;
            std::size_t most_running = 0;
            RateLimit rate{};

            [[nodiscard]] bool is_full() const noexcept { return most_running > 0 && row->running >= most_running; }
            [[nodiscard]] SteadyTime opens_at() const noexcept { return rate_opens_at(rate, row->spent_until); }
        };
        std::vector<Type> types{};
        std::size_t per_tenant = 0;
        std::vector<const KeyRow*> except_keys{};
        SteadyTime now{};

        [[nodiscard]] bool is_full(const TenantRow& tenant) const noexcept {
            return per_tenant > 0 && tenant.running >= per_tenant;
        }
        /// Whether tenants that were found to have reached `limit` may have something for it all the same.
        [[nodiscard]] bool sees(std::size_t limit) const noexcept { return per_tenant == 0 || limit < per_tenant; }
        [[nodiscard]] bool excepts(const RunRow& row) const noexcept {
            return std::find(except_keys.begin(), except_keys.end(), row.key) != except_keys.end();
        }
    };

    [[nodiscard]] TypeRow* type_row(const std::string& name) {
        auto& type = types_[name];
        if (!type) type = std::make_unique<TypeRow>();
        return type.get();
    }

    [[nodiscard]] Reach reach(const ClaimFilter& filter, std::vector<const KeyRow*> except_keys, SteadyTime now) const;
    /// Takes out the types of which no run may be started now.
    static void close_types(Reach& reach);

    static void add_delayed(RunRow* row) {
        row->type->delayed.push(row);
        row->place = Place::delayed;
    }
    static void add_ready(RunRow* row);
    static void erase(RunRow* row);
    /// Moves what has come due into reach.
    static void promote(const Reach& reach, Instant now);

    /// The best run of the first tenant behind `after` that has one, all tenants taking turns; null where there is
    /// none.
    [[nodiscard]] static RunRow* next(const Reach& reach, const std::string& after) {
        if (RunRow* row = next_in_order(reach, &after)) return row;
        return next_in_order(reach, nullptr);
    }
    /// Counts a start, by the limits of the claim that made it.
    static void count_start(Reach& reach, RunRow& row);
    /// Counts the end of a run that was running. Says whether somebody may have waited for it.
    [[nodiscard]] static bool count_end(RunRow& row);

    /// Early rather than late where a tenant is full that no claim has found so. Of runs that are ready, it names the
    /// oldest of those that are next in their tenants, or `now` where a clock that was set back hides others.
    [[nodiscard]] static std::optional<Instant> next_due(const Reach& reach, Instant now);

private:
    [[nodiscard]] static ReadyRuns& ready_of(TypeRow& type, TenantRow* tenant);
    [[nodiscard]] static RunRow* next_in_order(const Reach& reach, const std::string* after);
    [[nodiscard]] static RunRow*
    first_of_tenants(const Reach& reach, TypeRow& type, ReadyRuns& tenants, const std::string* after);
    [[nodiscard]] static std::optional<Instant> oldest_ready(const Reach& reach, const TypeRow& type);
    static bool release(TenantRow& tenant);

    std::unordered_map<std::string, std::unique_ptr<TypeRow>> types_;
};

// ---- implementation ------------------------------------------------------------------------------------------------

template <class Void>
auto MemoryQueue<Void>::reach(const ClaimFilter& filter, std::vector<const KeyRow*> except_keys, SteadyTime now) const
    -> Reach {
    Reach reach;
    reach.types.reserve(filter.action_types.size());
    for (const std::string& name : filter.action_types) {
        const auto type = types_.find(name);
        if (type == types_.end()) continue;
        const auto most = filter.limits.per_type.find(name);
        const auto rate = filter.limits.rates.find(name);
        reach.types.push_back({type->second.get(),
                               most == filter.limits.per_type.end() ? 0 : most->second,
                               rate == filter.limits.rates.end() ? RateLimit{} : rate->second});
    }
    reach.per_tenant = filter.limits.per_tenant;
    reach.except_keys = std::move(except_keys);
    reach.now = now;
    return reach;
}

template <class Void>
void MemoryQueue<Void>::close_types(Reach& reach) {
    std::erase_if(reach.types, [&](const typename Reach::Type& type) {
        if (type.is_full()) type.row->found_full = true;
        return type.is_full() || type.opens_at() > reach.now;
    });
}

/// Where the tenant's ready runs of the type are, or come.
template <class Void>
auto MemoryQueue<Void>::ready_of(TypeRow& type, TenantRow* tenant) -> ReadyRuns& {
    for (auto& [limit, tenants] : type.ready)
        if (tenants.contains(tenant)) return tenants;
    return type.ready[0];
}

template <class Void>
void MemoryQueue<Void>::add_ready(RunRow* row) {
    TenantRow* tenant = row->job->tenant;
    ready_of(*row->type, tenant)[tenant].push(row);
    row->place = Place::ready;
}

template <class Void>
void MemoryQueue<Void>::erase(RunRow* row) {
    if (row->place == Place::delayed) {
        row->type->delayed.erase(row);
    } else {
        ReadyRuns& tenants = ready_of(*row->type, row->job->tenant);
        const auto tenant = tenants.find(row->job->tenant);
        tenant->second.erase(row);
        if (tenant->second.empty()) tenants.erase(tenant);
    }
    row->place = Place::nowhere;
}

template <class Void>
void MemoryQueue<Void>::promote(const Reach& reach, Instant now) {
    for (const auto& type : reach.types) {
        auto& delayed = type.row->delayed;
        while (!delayed.empty() && delayed.top()->run.not_before <= now) {
            RunRow* row = delayed.top();
            delayed.erase(row);
            add_ready(row);
        }
    }
}

template <class Void>
auto MemoryQueue<Void>::next_in_order(const Reach& reach, const std::string* after) -> RunRow* {
    const auto sooner = [](const RunRow& a, const RunRow& b) {
        const int order = a.job->tenant == b.job->tenant ? 0 : a.job->tenant->name.compare(b.job->tenant->name);
        return order < 0 || (order == 0 && typename Rows::ClaimedSooner{}(a, b));
    };
    RunRow* best = nullptr;
    for (const auto& type : reach.types)
        for (auto& [limit, tenants] : type.row->ready) {
            if (!reach.sees(limit)) break;
            RunRow* row = first_of_tenants(reach, *type.row, tenants, after);
            if (row && (!best || sooner(*row, *best))) best = row;
        }
    return best;
}

/// The best run of the first tenant that is not full; puts those aside that are.
template <class Void>
auto MemoryQueue<Void>::first_of_tenants(const Reach& reach,
                                         TypeRow& type,
                                         ReadyRuns& tenants,
                                         const std::string* after) -> RunRow* {
    auto at = after ? tenants.upper_bound(*after) : tenants.begin();
    while (at != tenants.end()) {
        if (reach.is_full(*at->first)) {
            auto& held_in = at->first->held_in;
            if (std::find(held_in.begin(), held_in.end(), &type) == held_in.end()) held_in.push_back(&type);
            type.ready[reach.per_tenant].insert(tenants.extract(at++));
            continue;
        }
        if (RunRow* row = at->second.first([&](const RunRow& each) { return !reach.excepts(each); })) return row;
        ++at;
    }
    return nullptr;
}

template <class Void>
void MemoryQueue<Void>::count_start(Reach& reach, RunRow& row) {
    TypeRow& type = *row.type;
    ++type.running;
    ++row.job->tenant->running;
    const auto known = std::find_if(
        reach.types.begin(), reach.types.end(), [&](const typename Reach::Type& each) { return each.row == &type; });
    type.spent_until = rate_spent_until(known->rate, type.spent_until, reach.now);
    if (known->most_running > 0 || known->rate.starts > 0) close_types(reach);
}

template <class Void>
bool MemoryQueue<Void>::count_end(RunRow& row) {
    --row.type->running;
    --row.job->tenant->running;
    const bool was_full = std::exchange(row.type->found_full, false);
    return release(*row.job->tenant) || was_full;
}

/// Lets a tenant that was put aside take its turns again. Says whether it was.
template <class Void>
bool MemoryQueue<Void>::release(TenantRow& tenant) {
    if (tenant.held_in.empty()) return false;
    for (TypeRow* type : tenant.held_in) {
        ReadyRuns& tenants = ready_of(*type, &tenant);
        type->ready[0].insert(tenants.extract(&tenant));
    }
    tenant.held_in.clear();
    return true;
}

template <class Void>
std::optional<Instant> MemoryQueue<Void>::next_due(const Reach& reach, Instant now) {
    std::optional<Instant> earliest;
    for (const auto& type : reach.types) {
        if (type.is_full()) continue;
        const auto ready = oldest_ready(reach, *type.row);
        if (!ready && type.row->delayed.empty()) continue;
        Instant due = ready ? std::min(*ready, now) : type.row->delayed.top()->run.not_before;
        if (type.opens_at() > reach.now) due = std::max(due, now + (type.opens_at() - reach.now));
        earliest = std::min(earliest.value_or(due), due);
    }
    return earliest;
}

template <class Void>
std::optional<Instant> MemoryQueue<Void>::oldest_ready(const Reach& reach, const TypeRow& type) {
    std::optional<Instant> oldest;
    for (const auto& [limit, tenants] : type.ready) {
        if (!reach.sees(limit)) break;
        for (const auto& [tenant, rows] : tenants)
            if (const RunRow* row = rows.first([&](const RunRow& each) { return !reach.excepts(each); }))
                oldest = std::min(oldest.value_or(row->run.not_before), row->run.not_before);
    }
    return oldest;
}

} // namespace carillon::detail
