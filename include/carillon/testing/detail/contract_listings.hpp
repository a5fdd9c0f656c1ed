// SPDX-License-Identifier: MIT
// testing/detail/contract_listings.hpp - checks of listings: their order, filters and pages.
#pragma once

#include "carillon/testing/detail/contract_bench.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing::contract {

[[nodiscard]] inline std::vector<std::string> names_of(const std::vector<ScheduledJob>& jobs) {
    std::vector<std::string> names;
    for (const ScheduledJob& job : jobs)
        names.push_back(job.name);
    return names;
}

[[nodiscard]] inline std::vector<std::string> listed(const Bench& bench, const JobQuery& query) {
    return names_of(bench.storage->list_jobs("acme", query));
}

/// All pages of `size`, put together by `after`. Ends also where a storage would go round in circles.
[[nodiscard]] inline Names listed_by_pages(const Bench& bench, JobQuery query, std::size_t size) {
    Names names;
    query.limit = size;
    for (int pages = 0; pages < 100; ++pages) {
        const auto page = bench.storage->list_jobs("acme", query);
        expect(page.size() <= size, "a page is no longer than its limit");
        for (const ScheduledJob& job : page)
            names.push_back(job.name);
        if (page.empty()) break;
        query.after = page.back();
    }
    return names;
}

/// Five jobs: "b" and "a" were created in one moment; the others before and after. Of another tenant there is one as
/// well.
inline void add_five(const Bench& bench) {
    const auto add = [&](const char* name, Duration age, std::optional<Instant> cursor, JobStatus status) {
        JobDefinition job = bench.job(name);
        job.created_at = start - age;
        job.status = status;
        JobProgress progress;
        progress.next_run_at = cursor;
        bench.add(job, progress);
    };
    add("b", 5min, start + 2h, JobStatus::active);
    add("a", 5min, start + 3h, JobStatus::active);
    add("Zulu", 9min, std::nullopt, JobStatus::paused);
    add("100% d_ne", 1min, std::nullopt, JobStatus::completed);
    add("éa", 0min, start + 1us, JobStatus::active);
    bench.add(bench.job("foreign", "globex"));
}

inline void jobs_are_listed_newest_first(const Bench& bench) {
    add_five(bench);
    expect_equal(listed(bench, {}), Names{"éa", "100% d_ne", "a", "b", "Zulu"}, "jobs by creation, then id");
}

inline void jobs_are_listed_by_name(const Bench& bench) {
    add_five(bench);
    expect_equal(listed(bench, {.sort = JobSort::name}), Names{"100% d_ne", "Zulu", "a", "b", "éa"}, "jobs by name");
}

inline void jobs_are_listed_by_next_run(const Bench& bench) {
    add_five(bench);
    expect_equal(
        listed(bench, {.sort = JobSort::next_run}), Names{"éa", "b", "a", "Zulu", "100% d_ne"}, "jobs by next run");
}

inline void equal_jobs_are_listed_by_id(const Bench& bench) {
    std::vector<ScheduledJob> jobs;
    for (int i = 0; i < 5; ++i)
        jobs.push_back(bench.add(bench.job("same"), Bench::due_at(start)));
    for (const JobSort sort : {JobSort::name, JobSort::next_run})
        expect_same(bench.storage->list_jobs("acme", {.sort = sort}), jobs, "jobs of one name and next run");
    std::reverse(jobs.begin(), jobs.end());
    expect_same(bench.storage->list_jobs("acme", {}), jobs, "jobs of one moment");
}

inline void job_filters_come_before_the_page(const Bench& bench) {
    add_five(bench);
    const auto active = JobStatus::active;
    expect_equal(listed(bench, {.status = active}), Names{"éa", "a", "b"}, "active jobs");
    expect_equal(listed(bench, {.status = JobStatus::disabled}), Names{}, "disabled jobs");
    expect_equal(listed(bench, {.status = active, .limit = 1, .offset = 1}), Names{"a"}, "the second active job");
    expect_equal(listed(bench, {.limit = 2}), Names{"éa", "100% d_ne"}, "the first two");
    expect_equal(listed(bench, {.limit = 2, .offset = 4}), Names{"Zulu"}, "the fifth and sixth");
    expect_equal(listed(bench, {.offset = 5}), Names{}, "from the sixth on");
    expect_equal(listed(bench, {.limit = 2, .offset = 1, .sort = JobSort::name}),
                 Names{"Zulu", "a"},
                 "second and third by name");
}

inline void a_search_is_literal(const Bench& bench) {
    add_five(bench);
    expect_equal(listed(bench, {.search = "ZULU"}), Names{"Zulu"}, "search in other letters");
    expect_equal(listed(bench, {.search = "A"}), Names{"éa", "a"}, "search for A");
    expect_equal(listed(bench, {.search = "0%"}), Names{"100% d_ne"}, "search for 0%");
    expect_equal(listed(bench, {.search = "_n"}), Names{"100% d_ne"}, "search for _n");
    expect_equal(listed(bench, {.search = "%"}), Names{"100% d_ne"}, "search for %");
    expect_equal(listed(bench, {.search = "É"}), Names{}, "search for É, of which only ASCII letters have two cases");
    expect_equal(listed(bench, {.search = ""}).size(), std::size_t{5}, "jobs that contain nothing in particular");
    expect_equal(listed(bench, {.search = "b", .sort = JobSort::name}), Names{"b"}, "search by name");
}

inline void jobs_are_found_by_action_type(const Bench& bench) {
    JobDefinition mail = bench.job("mail");
    mail.action_type = "mail";
    bench.add(mail);
    bench.add(bench.job("work"));
    expect_equal(listed(bench, {.action_type = "mail"}), Names{"mail"}, "jobs of action type mail");
    expect_equal(listed(bench, {.action_type = "Mail"}), Names{}, "jobs of action type Mail");
    expect_equal(listed(bench, {.status = JobStatus::active, .search = "m", .action_type = "mail"}),
                 Names{"mail"},
                 "all filters");
}

inline void pages_of_jobs_join(const Bench& bench) {
    add_five(bench);
    for (const JobSort sort : {JobSort::newest, JobSort::name, JobSort::next_run})
        for (std::size_t size = 1; size <= 3; ++size)
            expect_equal(listed_by_pages(bench, {.sort = sort}, size), listed(bench, {.sort = sort}), "joined pages");
    const JobQuery active{.status = JobStatus::active};
    expect_equal(listed_by_pages(bench, active, 1), listed(bench, active), "joined pages of active jobs");
}

inline void pages_go_on_behind_a_removed_job(const Bench& bench) {
    add_five(bench);
    for (const JobSort sort : {JobSort::newest, JobSort::name, JobSort::next_run}) {
        const auto all = bench.storage->list_jobs("acme", {.sort = sort});
        expect(all.size() >= 2, "there are jobs left");
        const ScheduledJob second = all[1];
        Names rest = names_of({all.begin() + 2, all.end()});
        bench.write(second, bench.removing(second));
        expect_equal(listed(bench, {.after = second, .sort = sort}), rest, "the page behind a removed job");
    }
}

inline void counters_of_jobs_follow_the_status(const Bench& bench) {
    const auto counts = [&] {
        std::vector<std::size_t> numbers{bench.storage->count_jobs("acme", std::nullopt)};
        for (const auto status : {JobStatus::active, JobStatus::paused, JobStatus::disabled, JobStatus::completed})
            numbers.push_back(bench.storage->count_jobs("acme", status));
        return numbers;
    };
    using Numbers = std::vector<std::size_t>;
    expect_equal(counts(), Numbers{0, 0, 0, 0, 0}, "counts of a tenant without jobs");
    add_five(bench);
    expect_equal(counts(), Numbers{5, 3, 1, 0, 1}, "counts");
    const ScheduledJob newest = bench.storage->list_jobs("acme", {}).front();
    JobDefinition disabled = newest;
    disabled.status = JobStatus::disabled;
    bench.write(newest, bench.editing(disabled));
    expect_equal(counts(), Numbers{5, 2, 1, 1, 1}, "counts after one was disabled");
    bench.write(newest, bench.removing(newest));
    expect_equal(counts(), Numbers{4, 2, 1, 0, 1}, "counts after it was removed");
}

[[nodiscard]] inline std::vector<RunId> ids_of(const std::vector<JobRun>& runs) {
    std::vector<RunId> ids;
    for (const JobRun& run : runs)
        ids.push_back(run.id);
    return ids;
}

inline void runs_are_listed_newest_first(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const ScheduledJob other = bench.add(bench.job("other"));
    std::vector<JobRun> all;
    for (int i = 0; i < 6; ++i) {
        all.insert(all.begin(), bench.add_run(job, bench.unlimited(job)));
        bench.add_run(other, bench.unlimited(other));
        bench.set_back(1h); // ids rise all the same
    }
    const Ids ids = ids_of(all);
    const auto list = [&](const RunQuery& query) {
        return ids_of(bench.storage->list_runs("acme", job.id, query));
    };
    expect_equal(list({}), ids, "runs");
    expect_equal(list({.limit = 2}), Ids{ids[0], ids[1]}, "the first two");
    expect_equal(list({.limit = 2, .offset = 5}), Ids{ids[5]}, "the sixth and seventh");
    expect_equal(list({.limit = 2, .after = all[1]}), Ids{ids[2], ids[3]}, "the page behind the second");
    expect_equal(list({.after = all[5]}), Ids{}, "the page behind the last");
    bench.cancel(bench.find(bench.runs(job)[1]));
    bench.cancel(bench.find(bench.runs(job)[4]));
    const auto cancelled = JobRunStatus::cancelled;
    expect_equal(list({.status = cancelled}), Ids{ids[1], ids[4]}, "cancelled runs");
    expect_equal(list({.status = cancelled, .limit = 1, .offset = 1}), Ids{ids[4]}, "the second cancelled run");
    expect_equal(list({.status = cancelled, .after = all[1]}), Ids{ids[4]}, "cancelled runs behind the first of them");
    expect_equal(list({.status = JobRunStatus::running}), Ids{}, "running runs");
}

inline void audit_is_listed_newest_first(const Bench& bench) {
    const ScheduledJob job = bench.add(bench.job());
    const ScheduledJob other = bench.add(bench.job("other"));
    std::vector<AuditId> ids{bench.audit(job).front().id};
    for (const char* actor : {"bob", "alice", "bob"}) {
        bench.set_back(1h);
        JobChange change = bench.editing(bench.find(job));
        change.event->actor = actor;
        change.event->verb = actor == std::string("bob") ? AuditVerb::job_paused : AuditVerb::job_updated;
        change.event->via = std::string("by ") + actor;
        change.event->request_id = "r" + show(ids.size());
        change.event->batch = ids.size() < 3 ? "b" : "";
        bench.write(job, change);
        ids.insert(ids.begin(), change.event->id);
    }
    const auto list = [&](AuditQuery query) {
        query.job_id = query.job_id.value_or(job.id);
        std::vector<AuditId> listed_ids;
        for (const AuditEvent& event : bench.storage->list_audit("acme", query))
            listed_ids.push_back(event.id);
        return listed_ids;
    };
    using AuditIds = std::vector<AuditId>;
    expect_equal(list({}), ids, "events of the job");
    expect_count(bench.storage->list_audit("acme", {}).size(), 5, "events of the tenant");
    expect_count(list({.job_id = other.id}).size(), 1, "events of the other job");
    expect_equal(list({.actor = "bob"}), AuditIds{ids[0], ids[2]}, "events by actor");
    expect_equal(list({.verb = AuditVerb::job_updated}), AuditIds{ids[1]}, "events by verb");
    expect_equal(list({.via = "by bob"}), AuditIds{ids[0], ids[2]}, "events by way");
    expect_equal(list({.request_id = "r2"}), AuditIds{ids[1]}, "events by request");
    expect_equal(list({.batch = "b"}), AuditIds{ids[1], ids[2]}, "events by batch");
    expect_equal(list({.from = start - 2h, .to = start}), AuditIds{ids[1], ids[2]}, "events of two hours");
    expect_equal(bench.audit(job)[1].via, "by alice", "the way of an event that is read");
    expect_equal(list({.limit = 2, .offset = 1}), AuditIds{ids[1], ids[2]}, "the second and third event");
    expect_equal(list({.actor = "bob", .limit = 1, .offset = 1}), AuditIds{ids[2]}, "the second event by actor");
    expect_equal(list({.limit = 2, .after = ids[1]}), AuditIds{ids[2], ids[3]}, "the page behind the second event");
}

inline const std::vector<Clause>& listing_clauses() {
    static const std::vector<Clause> clauses{
        {15, "jobs are listed newest first", jobs_are_listed_newest_first},
        {15, "jobs are listed by the bytes of their names", jobs_are_listed_by_name},
        {15, "jobs are listed by their next run, those without one last", jobs_are_listed_by_next_run},
        {15, "jobs that are equal in the order are listed by id", equal_jobs_are_listed_by_id},
        {15, "filters of jobs come before offset and limit", job_filters_come_before_the_page},
        {15, "a search takes every character for itself, and ASCII letters in both cases", a_search_is_literal},
        {15, "jobs are found by action type", jobs_are_found_by_action_type},
        {15, "pages of jobs join without gap or repetition", pages_of_jobs_join},
        {15, "a page goes on behind a job that was removed since", pages_go_on_behind_a_removed_job},
        {15, "counters of jobs follow the status", counters_of_jobs_follow_the_status},
        {15, "runs are listed newest first", runs_are_listed_newest_first},
        {15, "audit events are listed newest first", audit_is_listed_newest_first},
    };
    return clauses;
}

} // namespace carillon::testing::contract
