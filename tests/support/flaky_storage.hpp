// SPDX-License-Identifier: MIT
// support/flaky_storage.hpp - a storage that fails when the test says so.
#pragma once

#include "carillon/storage/memory.hpp"

#include "support/world.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace support {

using namespace carillon;

/// Works, but for the operations that are switched off. Those do nothing and throw.
class FlakyStorage : public MemoryStorage {
public:
    using MemoryStorage::MemoryStorage;

    std::atomic<bool> materialise_fails = false;
    std::atomic<bool> modify_job_fails = false;
    std::atomic<bool> claim_fails = false;
    std::atomic<bool> heartbeat_fails = false;
    std::atomic<bool> finish_fails = false;
    std::atomic<bool> reap_fails = false;
    /// These ask, and get no answer before the test opens the gate.
    std::atomic<bool> heartbeat_hangs = false;
    std::atomic<bool> claim_hangs = false;
    Gate answer;
    /// A finish with such a row fails as a whole.
    std::function<bool(const RunFinish&)> cannot_take{};
    /// Called when a finish is written, before its caller gets the answer.
    std::function<void()> after_finish{};
    /// Called by each claim before it does anything: the claim is slow.
    std::function<void()> before_claim{};
    /// Heartbeats that ask for this lease are answered and forgotten: their worker has frozen without noticing.
    std::atomic<Duration> forgotten_lease = Duration{0};

    /// Called with the number of jobs after each plan.
    std::function<void(std::size_t)> after_plan;

    MaterialiseResult materialise(Instant now, std::size_t limit, const ChangeJob& change) {
        if (materialise_fails) fail("materialise");
        MaterialiseResult result = MemoryStorage::materialise(now, limit, change);
        if (after_plan) after_plan(result.jobs);
        return result;
    }
    std::optional<JobWrite> modify_job(const std::string& tenant, const JobId& job, const ChangeJob& change) {
        if (modify_job_fails) fail("modify_job");
        return MemoryStorage::modify_job(tenant, job, change);
    }
    ClaimResult claim(const ClaimRequest& request) {
        if (claim_fails) fail("claim");
        if (claim_hangs) answer.pass();
        if (before_claim) before_claim();
        return MemoryStorage::claim(request);
    }
    std::vector<HeartbeatAnswer> heartbeat(const std::vector<RunRef>& runs, Duration lease) {
        if (heartbeat_fails) fail("heartbeat");
        if (heartbeat_hangs) answer.pass();
        if (lease == forgotten_lease.load()) return {};
        return MemoryStorage::heartbeat(runs, lease);
    }
    std::vector<FinishAnswer> finish(std::vector<RunFinish> finishes) {
        if (finish_fails) fail("finish");
        if (cannot_take && std::any_of(finishes.begin(), finishes.end(), cannot_take)) fail("finish");
        auto answers = MemoryStorage::finish(std::move(finishes));
        if (after_finish) after_finish();
        return answers;
    }
    std::vector<JobRun> reap(std::size_t limit, const AfterAbandon& after_abandon) {
        if (reap_fails) throw 42; // some drivers throw anything
        return MemoryStorage::reap(limit, after_abandon);
    }

private:
    [[noreturn]] static void fail(const std::string& operation) { throw std::runtime_error(operation + " failed"); }
};

static_assert(Storage<FlakyStorage>);

} // namespace support
