// SPDX-License-Identifier: MIT
// footprint.cpp - how many bytes a job takes in the memory storage, its audit event included, and a run in its ledger.
//
// The allocator is asked (mallinfo2 of glibc), so what it rounds up and what tables keep free counts as well.
#include "carillon/scheduler_facade.hpp"

#include <cstddef>
#include <cstdio>
#include <malloc.h>
#include <stdexcept>

using namespace carillon;

namespace {

constexpr std::size_t action_bytes = 140;

std::size_t bytes_in_use() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/// Bytes that each of `count` actions leaves behind.
template <class Action>
double bytes_each(std::size_t count, Action action) {
    const std::size_t before = bytes_in_use();
    for (std::size_t i = 0; i < count; ++i)
        action();
    return static_cast<double>(bytes_in_use() - before) / static_cast<double>(count);
}

JobSpec report() {
    JobSpec spec{.name = "Daily report", .schedule = "0 9 * * 1-5", .time_zone = "Europe/Paris"};
    spec.action = {{"type", "run_agent"}, {"agent_id", "agent-0123456789"}, {"channel", "#ops-daily"}, {"text", ""}};
    spec.action["text"] = std::string(action_bytes - spec.action.dump().size(), 'x');
    if (spec.action.dump().size() != action_bytes) throw std::logic_error("the action has another size");
    spec.policies.overlap.policy = OverlapPolicy::allow;
    return spec;
}

} // namespace

int main() try {
    const JobSpec spec = report();
    for (const std::size_t count : {1'000, 100'000, 1'000'000}) {
        SchedulerFacade<> scheduler;
        const JobId id = scheduler.create_job("acme", spec).id;
        std::printf("%7zu jobs with actions of %zu bytes, their audit events included: %5.0f bytes each (goal: 600)\n",
                    count,
                    action_bytes,
                    bytes_each(count, [&] { scheduler.create_job("acme", spec); }));
        std::printf("%7zu runs in the ledger, the audit events of their triggers included: %5.0f bytes each\n",
                    count,
                    bytes_each(count, [&] { scheduler.trigger_job(id, "acme"); }));
    }
    std::printf("sizes: JobDefinition %zu, JobProgress %zu, JobRun %zu, AuditEvent %zu\n",
                sizeof(JobDefinition),
                sizeof(JobProgress),
                sizeof(JobRun),
                sizeof(AuditEvent));
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "footprint: %s\n", error.what());
    return 1;
}
