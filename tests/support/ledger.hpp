// SPDX-License-Identifier: MIT
// support/ledger.hpp - does the ledger of a job with a steady rhythm hold each occurrence exactly once?
#pragma once

#include "carillon/model/run.hpp"
#include "carillon/time.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace support {

struct LedgerReading {
    std::size_t occurrences = 0;
    /// The first occurrence that no row is for.
    carillon::Instant next{};
    /// Holes, doubles and wrong counts, in sentences.
    std::vector<std::string> faults{};
};

/// Reads a job's scheduled rows, in any order: the first occurrence is at `first`, and there is one each `rhythm`.
[[nodiscard]] inline LedgerReading
read_ledger(std::vector<carillon::JobRun> rows, carillon::Instant first, carillon::Duration rhythm) {
    std::sort(rows.begin(), rows.end(), [](const carillon::JobRun& a, const carillon::JobRun& b) {
        return a.scheduled_for < b.scheduled_for;
    });
    LedgerReading reading{.next = first};
    for (const carillon::JobRun& row : rows) {
        if (row.scheduled_for != reading.next)
            reading.faults.push_back("expected the occurrence of " + carillon::to_rfc3339(reading.next) +
                                     ", saw that of " + carillon::to_rfc3339(row.scheduled_for) + " in run " +
                                     row.id.str());
        reading.next = row.last.value_or(row.scheduled_for) + rhythm;
        const auto covered = static_cast<std::uint64_t>((reading.next - row.scheduled_for) / rhythm);
        if (row.occurrences != covered && !row.count_is_minimum)
            reading.faults.push_back("run " + row.id.str() + " counts " + std::to_string(row.occurrences) +
                                     " occurrences and covers " + std::to_string(covered));
        reading.occurrences += covered;
    }
    return reading;
}

} // namespace support
