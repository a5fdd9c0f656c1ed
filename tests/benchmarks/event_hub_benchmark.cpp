// SPDX-License-Identifier: MIT
// What does an event cost the thread that tells it to an EventHub: where nobody listens, where somebody of another
// tenant does, and where somebody of this one does?
#include "carillon/http/event_hub.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

using namespace carillon;

namespace {

std::vector<Event> some_events() {
    std::vector<Event> events;
    for (int i = 0; i < 1'000; ++i)
        events.emplace_back(RunEnded{{RunId(Uuid::next(Instant{})), JobId(Uuid::next(Instant{})), "acme", "test", 1}});
    return events;
}

/// `listener` is the tenant of the stream; empty: there is none.
void tell(benchmark::State& state, const std::string& listener) {
    EventHub hub;
    WakeSignal signal;
    std::optional<EventHub::Subscription> stream;
    if (!listener.empty()) stream.emplace(hub, listener, signal, "");
    const std::vector<Event> events = some_events();
    const SystemClock clock;
    std::size_t next = 0;
    for (auto _ : state) {
        hub.on_event("worker", events[next]);
        if (++next < events.size()) continue;
        next = 0;
        if (stream) benchmark::DoNotOptimize(stream->read(clock.steady_now()));
    }
}

} // namespace

BENCHMARK_CAPTURE(tell, nobody, std::string());
BENCHMARK_CAPTURE(tell, another_tenant, std::string("globex"));
BENCHMARK_CAPTURE(tell, this_tenant, std::string("acme"));
