// SPDX-License-Identifier: MIT
// storage/detail/sqlite_starts.hpp - the runs that a claim has started, written several at a time, since a statement
// costs more than a row.
#pragma once

#include "carillon/storage/detail/sqlite_rows.hpp"
#include "carillon/storage/storage.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace carillon::detail {

class SqliteStarts {
public:
    explicit SqliteStarts(SqliteConnection& db)
        : db_(db) {}

    void begin(const ClaimRequest& request, SteadyTime lease_until) {
        worker_ = request.worker;
        at_ = request.now;
        lease_until_ = lease_until;
        for (auto& rows : rows_)
            rows.clear();
    }
    void add(std::int64_t row, DeliveryMode delivery) { rows_[static_cast<std::size_t>(delivery)].push_back(row); }
    /// To be called before anything else looks at the runs.
    void write() {
        write(DeliveryMode::at_least_once);
        write(DeliveryMode::at_most_once);
    }

private:
    void write(DeliveryMode delivery);

    SqliteConnection& db_;
    std::array<std::vector<std::int64_t>, 2> rows_; // by delivery
    std::string worker_;
    Instant at_{};
    SteadyTime lease_until_{};
};

inline constexpr auto start_many_runs =
    sql_text("UPDATE carillon_run SET place = 3, status = 1, worker = ?17, started_at = ?18, delivery = ?19, "
             "lease_until = ?20, fence = fence + 1, attempt = attempt + 1 WHERE row IN ",
             sql_list_of_many);

inline void SqliteStarts::write(DeliveryMode delivery) {
    std::vector<std::int64_t>& rows = rows_[static_cast<std::size_t>(delivery)];
    in_lots(
        rows.size(),
        [&](std::size_t at) { return rows[at]; },
        [&](std::int64_t row) {
            db_.execute("UPDATE carillon_run SET place = 3, status = 1, worker = ?2, started_at = ?3, delivery = ?4, "
                        "lease_until = ?5, fence = fence + 1, attempt = attempt + 1 WHERE row = ?1",
                        row,
                        worker_,
                        at_,
                        delivery,
                        lease_until_);
        },
        [&](const auto&... lot) { db_.execute(start_many_runs, lot..., worker_, at_, delivery, lease_until_); });
    rows.clear();
}

} // namespace carillon::detail
