// SPDX-License-Identifier: MIT
// audit_test.cpp - the verbs of the audit, and their names.
#include "carillon/model/audit.hpp"

#include "support/catch.hpp"

#include <set>
#include <string_view>

using namespace carillon;

static_assert(to_string(AuditVerb::job_created) == "job.created");
static_assert(to_string(AuditVerb::run_retried) == "run.retried");

TEST_CASE("audit: every verb has a name of its own, the thing and what was done to it") {
    std::set<std::string_view> names;
    for (const auto& row : detail::audit_verb_names) {
        const std::string_view name = to_string(row.value);
        INFO(name);
        CHECK((name.substr(0, 4) == "job." || name.substr(0, 4) == "run."));
        CHECK(names.insert(name).second);
        CHECK(detail::enum_value(detail::audit_verb_names, name) == row.value);
    }
    CHECK(names.size() == static_cast<std::size_t>(AuditVerb::job_rebased) + 1);
}
