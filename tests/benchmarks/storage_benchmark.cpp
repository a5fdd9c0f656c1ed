// SPDX-License-Identifier: MIT
// What does it cost to schedule a job, to cancel it, to dispatch it when it is due, and to list a page of what there
// is, where 1k, 100k or 1M jobs exist?
//
//   heap       what no scheduler can do without: a 4-ary heap, a map from ids to its items, one lock
//   asio       Asio's timers (the template of steady_timer, on a clock set by hand), and a map from ids to them
//   storage    MemoryStorage: the job, its audit event, its place in the listings; run, claim, fence, lease, counters
//   facade     what a host calls: create_job, delete_job, and poll() with a handler that does nothing
//
// Jobs are due one a second. Dispatching takes the one that is due and schedules it again, behind all others.
#define ASIO_DISABLE_EPOLL // its timers are the kernel's, which no hand can set
#include "carillon/scheduler_facade.hpp"
#include "carillon/testing/manual_clock.hpp"
#include "carillon/worker/worker.hpp"

#include "ratio_table.hpp"

#include <asio.hpp>
#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <malloc.h>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

const Instant epoch = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

/// The rhythm of each of n jobs.
std::chrono::seconds rhythm(std::size_t n) {
    return std::chrono::seconds{n};
}

// ---- the four: each schedules an order, cancels by id, and dispatches what is due
// ------------------------------------

class BareHeap {
public:
    struct Order {
        JobId id;
        Instant due;
    };

    explicit BareHeap(std::size_t jobs)
        : rhythm_(rhythm(jobs)) {}

    [[nodiscard]] Order order(Instant due) const { return {JobId::next(epoch), due}; }

    JobId schedule(Order order) {
        const std::lock_guard lock(mutex_);
        Item& item = items_[order.id];
        item.id = order.id;
        item.due = order.due;
        heap_.push(&item);
        return order.id;
    }
    void cancel(const JobId& id) {
        const std::lock_guard lock(mutex_);
        const auto at = items_.find(id);
        heap_.erase(&at->second);
        items_.erase(at);
    }
    void dispatch(Instant now) {
        const std::lock_guard lock(mutex_);
        Item& item = items_.find(heap_.top()->id)->second;
        if (item.due > now) throw std::logic_error("nothing is due");
        item.due += rhythm_;
        heap_.update(&item);
    }

private:
    struct Item {
        JobId id;
        Instant due;
        std::size_t position = detail::not_in_heap;
    };
    struct Due {
        Instant operator()(const Item& item) const noexcept { return item.due; }
    };

    Duration rhythm_;
    std::mutex mutex_;
    std::unordered_map<JobId, Item> items_;
    detail::IndexedHeap<Item, &Item::position, Due> heap_;
};

/// The clock of Asio's timers.
struct HandClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<HandClock, duration>;
    static constexpr bool is_steady = true;
    static time_point now() noexcept { return time; }
    static inline time_point time{};
};

class AsioTimers {
public:
    using Order = BareHeap::Order;

    explicit AsioTimers(std::size_t jobs)
        : rhythm_(rhythm(jobs)) {}

    [[nodiscard]] Order order(Instant due) const { return {JobId::next(epoch), due}; }

    JobId schedule(Order order) {
        const std::lock_guard lock(mutex_);
        wait(timers_.try_emplace(order.id, context_).first->second, order.due);
        return order.id;
    }
    void cancel(const JobId& id) {
        const std::lock_guard lock(mutex_);
        timers_.erase(id);
    }
    /// Calls the handlers of cancelled timers.
    void drain() {
        HandClock::time = {}; // nothing is due
        context_.restart();
        context_.poll();
    }
    void dispatch(Instant now) {
        HandClock::time = HandClock::time_point{now.time_since_epoch()};
        context_.restart();
        if (context_.poll_one() == 0) throw std::logic_error("nothing is due");
    }

private:
    using Timer = asio::basic_waitable_timer<HandClock>;

    void wait(Timer& timer, Instant due) {
        timer.expires_at(HandClock::time_point{due.time_since_epoch()});
        timer.async_wait([this, &timer, due](const asio::error_code& cancelled) {
            if (!cancelled) wait(timer, due + rhythm_);
        });
    }

    Duration rhythm_;
    asio::io_context context_;
    std::mutex mutex_;
    std::unordered_map<JobId, Timer> timers_;
};

constexpr const char* tenant = "acme";

JobSpec spec(Instant due, std::size_t jobs) {
    return {.name = "Daily report",
            .schedule = "@every " + std::to_string(rhythm(jobs).count()) + "s",
            .action = {{"type", "run_agent"},
                       {"agent_id", "agent-0123456789"},
                       {"prompt", "Summarise the tickets of yesterday"},
                       {"channel", "#ops-daily"},
                       {"retries", 3}},
            .start_at = due};
}

class Storage {
public:
    using Order = NewJob;

    explicit Storage(std::size_t jobs)
        : rhythm_(rhythm(jobs))
        , defaults_{"", CronDialect::standard, {}}
        , template_(*order_of(epoch + 1s, jobs).definition) {}

    [[nodiscard]] Order order(Instant due) const {
        auto definition = std::make_shared<JobDefinition>(template_);
        definition->id = JobId::next(epoch);
        return finish(std::move(definition), due);
    }
    JobId schedule(Order order) {
        const JobId id = order.definition->id;
        std::vector<NewJob> jobs;
        jobs.push_back(std::move(order));
        storage_.insert_jobs(std::move(jobs));
        return id;
    }
    void cancel(const JobId& id) {
        storage_.modify_job(tenant, id, [](const JobView& job, const KeyState&) {
            JobChange change;
            change.stop = StopScope::job;
            change.remove = true;
            change.event = detail::audit_event(job.definition, "bench", AuditVerb::job_deleted, epoch);
            return change;
        });
    }
    void dispatch(Instant now) {
        storage_.materialise(now, 1, [&](const JobView& job, const KeyState&) {
            JobChange change;
            change.at = now;
            change.progress = job.progress;
            change.progress->high_water = job.progress.next_run_at;
            change.progress->next_run_at = *job.progress.next_run_at + rhythm_;
            JobRun& run = change.runs.emplace_back();
            run.id = RunId::next(now);
            run.job_id = job.definition.id;
            run.tenant_id = job.definition.tenant_id;
            run.scheduled_for = run.not_before = *job.progress.next_run_at;
            run.action_type = job.definition.action_type;
            return change;
        });
        const auto claimed =
            storage_.claim({.worker = "bench", .filter = {.action_types = {template_.action_type}}, .now = now});
        RunFinish done{{claimed.runs.at(0).run.id, claimed.runs.at(0).run.fence}, {}};
        done.to.at = now;
        done.to.executed = true;
        storage_.finish({done});
    }

private:
    Order order_of(Instant due, std::size_t jobs) const {
        const auto draft = detail::draft_of(spec(due, jobs), Caller(tenant), "", epoch, defaults_);
        return finish(std::make_shared<JobDefinition>(draft.job), due);
    }
    static Order finish(std::shared_ptr<const JobDefinition> definition, Instant due) {
        NewJob job;
        job.progress.next_run_at = due;
        job.event = detail::audit_event(*definition, "bench", AuditVerb::job_created, epoch);
        job.definition = std::move(definition);
        return job;
    }

    Duration rhythm_;
    detail::JobDefaults defaults_;
    JobDefinition template_;
    MemoryStorage storage_;
};

class Facade {
public:
    using Order = JobSpec;

    explicit Facade(std::size_t jobs)
        : jobs_(jobs) {
        worker_.handle("run_agent", [](RunContext&) {});
    }

    [[nodiscard]] Order order(Instant due) const { return spec(due, jobs_); }
    JobId schedule(const Order& order) { return scheduler_.create_job(tenant, order).id; }
    void cancel(const JobId& id) { scheduler_.delete_job(id, tenant); }
    void dispatch(Instant now) {
        clock_->advance_to(now);
        if (worker_.poll() != 1) throw std::logic_error("not one job was due");
    }
    [[nodiscard]] const SchedulerFacade<>& scheduler() const { return scheduler_; }

private:
    std::size_t jobs_;
    std::shared_ptr<testing::ManualClock> clock_ = std::make_shared<testing::ManualClock>(epoch);
    SchedulerFacade<> scheduler_{{.clock = clock_}};
    Worker<> worker_{scheduler_, {.threads = 1, .lease = 24h, .heartbeat = 24h}}; // cleans up once a day
};

// ---- the measures
// ----------------------------------------------------------------------------------------------------

/// One of the four, filled.
template <class Scheduler>
class World {
public:
    explicit World(std::size_t jobs)
        : scheduler(jobs)
        , jobs_(jobs) {
        for (std::size_t i = 0; i < jobs; ++i)
            scheduler.schedule(scheduler.order(now_ + std::chrono::seconds{i + 1}));
    }

    /// Kept for all repetitions: a million jobs take their time.
    static World& of(std::size_t jobs) {
        static std::map<std::size_t, std::unique_ptr<World>> worlds;
        auto& world = worlds[jobs];
        if (!world) world = std::make_unique<World>(jobs);
        return *world;
    }

    [[nodiscard]] Instant next_second() { return now_ += 1s; }
    /// Half a second behind one of the jobs.
    [[nodiscard]] Instant some_time_ahead() { return now_ + std::chrono::seconds{1 + random_() % jobs_} + 500ms; }

    Scheduler scheduler;

private:
    std::size_t jobs_;
    Instant now_ = epoch;
    std::mt19937_64 random_{1};
};

constexpr std::size_t batch = 500;

/// Of this thread, so that a busy machine does not count.
double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

template <class Action>
void measure(benchmark::State& state, Action action) {
    const double begin = processor_seconds();
    action();
    state.SetIterationTime(processor_seconds() - begin);
}

template <class Scheduler>
void schedule_and_cancel(benchmark::State& state, std::size_t jobs, bool measure_schedule) {
    auto& world = World<Scheduler>::of(jobs);
    Scheduler& scheduler = world.scheduler;
    while (state.KeepRunningBatch(batch)) {
        std::vector<typename Scheduler::Order> orders;
        for (std::size_t i = 0; i < batch; ++i)
            orders.push_back(scheduler.order(world.some_time_ahead()));
        std::vector<JobId> ids(batch);
        const auto schedule_all = [&] {
            for (std::size_t i = 0; i < batch; ++i)
                ids[i] = scheduler.schedule(std::move(orders[i]));
        };
        const auto cancel_all = [&] {
            for (const JobId& id : ids)
                scheduler.cancel(id);
            if constexpr (requires { scheduler.drain(); }) scheduler.drain();
        };
        if (measure_schedule) {
            measure(state, schedule_all);
            cancel_all();
        } else {
            schedule_all();
            measure(state, cancel_all);
        }
    }
}

template <class Scheduler>
void dispatch(benchmark::State& state, std::size_t jobs) {
    auto& world = World<Scheduler>::of(jobs);
    while (state.KeepRunningBatch(batch))
        measure(state, [&] {
            for (std::size_t i = 0; i < batch; ++i)
                world.scheduler.dispatch(world.next_second());
        });
}

void page_of_jobs(benchmark::State& state, std::size_t jobs) {
    const auto& scheduler = World<Facade>::of(jobs).scheduler.scheduler();
    for (auto _ : state)
        if (scheduler.list_jobs(tenant, {.limit = 100}).size() != 100) state.SkipWithError("no page of 100 jobs");
}

/// One job, triggered so often.
void page_of_runs(benchmark::State& state, std::size_t runs) {
    static std::map<std::size_t, std::pair<std::unique_ptr<SchedulerFacade<>>, JobId>> worlds;
    auto& [scheduler, id] = worlds[runs];
    if (!scheduler) {
        scheduler = std::make_unique<SchedulerFacade<>>();
        JobSpec often = spec(latest_instant() - 1h, 1);
        often.start_at.reset();
        often.policies.overlap.policy = OverlapPolicy::allow;
        id = scheduler->create_job(tenant, often).id;
        for (std::size_t i = 0; i < runs; ++i)
            scheduler->trigger_job(id, tenant);
    }
    for (auto _ : state)
        if (scheduler->list_runs(id, tenant, {.limit = 100}).size() != 100) state.SkipWithError("no page of 100 runs");
}

template <class Scheduler>
void add(const std::string& measure, std::size_t jobs, const std::string& with_jobs) {
    const auto name = [&](const char* what) {
        return measure + "/" + what + with_jobs;
    };
    const auto manual = [](const std::string& text, auto function) {
        benchmark::RegisterBenchmark(text.c_str(), function)->UseManualTime();
    };
    manual(name("schedule, "), [=](auto& state) { schedule_and_cancel<Scheduler>(state, jobs, true); });
    manual(name("cancel, "), [=](auto& state) { schedule_and_cancel<Scheduler>(state, jobs, false); });
    manual(name("dispatch, "), [=](auto& state) { dispatch<Scheduler>(state, jobs); });
}

void register_all() {
    constexpr std::array sizes{std::pair{std::size_t{1'000}, "1k"},
                               std::pair{std::size_t{100'000}, "100k"},
                               std::pair{std::size_t{1'000'000}, "1M"}};
    for (const auto& [count, words] : sizes) {
        const std::size_t jobs = count;
        const std::string with_jobs = words;
        add<BareHeap>("heap", jobs, with_jobs);
        add<AsioTimers>("asio", jobs, with_jobs);
        add<Storage>("storage", jobs, with_jobs);
        add<Facade>("facade", jobs, with_jobs);
        benchmark::RegisterBenchmark(("facade/page of 100 jobs, " + with_jobs).c_str(),
                                     [=](auto& state) { page_of_jobs(state, jobs); });
        benchmark::RegisterBenchmark(("facade/page of 100 runs, " + with_jobs).c_str(),
                                     [=](auto& state) { page_of_runs(state, jobs); });
    }
}

} // namespace

int main(int argc, char** argv) {
    mallopt(M_TRIM_THRESHOLD, 1 << 30); // what one batch frees is for the next one: no page is given back and asked for
    register_all();
    return run_as_table(argc, argv, {{"heap"}, {"asio", "heap"}, {"storage", "heap"}, {"facade", "heap"}});
}
