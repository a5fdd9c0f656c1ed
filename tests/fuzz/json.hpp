// SPDX-License-Identifier: MIT
// fuzz/json.hpp - what holds for any JSON text that a caller or a storage hands over.
#pragma once

#include "carillon/detail/job_edit.hpp"
#include "carillon/model/json.hpp"
#include "carillon/planner.hpp"

#include "fuzz/property.hpp"
#include "support/zones.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace fuzz {

/// An error says what is wrong, and shows no more than it must of what it saw.
inline void check_refusal(const carillon::Error& error, std::size_t bytes) {
    const std::string_view message = error.what();
    require(!message.empty() && message.size() < 4000, "the message has between 1 and 4000 bytes");
    require(error.field().size() < 1000 + bytes, "the field is a path in the document");
}

template <class T>
bool is_read_as_written(const nlohmann::json& written) {
    try {
        return nlohmann::json(written.get<T>()) == written;
    } catch (const carillon::Error&) {
        return false;
    }
}

/// A document is refused with an Error, and nothing else leaves the reader; or it is read, and reading is stable.
template <class T>
void check_reading(const nlohmann::json& document) {
    const nlohmann::json written = document.get<T>();
    require(is_read_as_written<T>(written), "what was read is written and read as equal");
}

/// As create_job would take it: refused with an Error, or a job that is due in the future or never.
inline void check_job(const carillon::JobSpec& spec) {
    const carillon::Instant now = support::instant("2026-01-15T10:00:07Z");
    const auto draft = carillon::detail::draft_of(spec, "acme", "", now, {});
    carillon::JobProgress progress;
    const auto due = start_cursor(draft.job, draft.schedule, progress, now);
    require(!due || *due > now, "a new job is due in the future");
    require(!due || !draft.job.start_at || *due >= *draft.job.start_at, "and not before it starts");
    require(!due || !draft.job.end_at || *due < *draft.job.end_at, "and before it ends");
    require(is_read_as_written<carillon::JobDefinition>(draft.job), "the job is written and read as equal");
}

/// As update_job would take it.
inline void check_patch(const carillon::JobPatch& patch) {
    const carillon::Instant now = support::instant("2026-01-15T10:00:07Z");
    const carillon::JobSpec spec{.name = "a", .schedule = "0 9 * * *", .action = {{"type", "t"}}};
    const auto draft = carillon::detail::draft_of(spec, "acme", "", now, {});
    const auto edited = carillon::detail::patched(draft.job, patch, {});
    require(is_read_as_written<carillon::JobDefinition>(edited.job), "the job is written and read as equal");
}

inline void check_document(unsigned char choice, const nlohmann::json& document) {
    switch (choice % 6) {
    case 0: check_reading<carillon::JobSpec>(document); return check_job(document.get<carillon::JobSpec>());
    case 1: return check_patch(document.get<carillon::JobPatch>());
    case 2: return check_reading<carillon::Policies>(document);
    case 3: return check_reading<carillon::ScheduledJob>(document);
    case 4: return check_reading<carillon::JobRun>(document);
    default: return check_reading<carillon::AuditEvent>(document);
    }
}

/// The first byte chooses the type, the others are the text. Reads the zones of support::TestZones.
inline void json(std::string_view bytes) {
    if (bytes.empty()) return;
    const auto document = nlohmann::json::parse(bytes.substr(1), nullptr, false);
    if (document.is_discarded()) return;
    try {
        check_document(static_cast<unsigned char>(bytes[0]), document);
    } catch (const carillon::Error& error) {
        check_refusal(error, bytes.size());
    }
}

} // namespace fuzz
