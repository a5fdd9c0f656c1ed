// SPDX-License-Identifier: MIT
// http_load/server.cpp - what http_load.sh puts under load: the API on memory and on SQLite, with jobs to list, and
// beside each a bare cpp-httplib server that answers with the same bytes and does nothing for them.
//
//   http_load_server FOLDER [JOBS]     prints "NAME URL" for each server, then serves until it is told to end
#include <carillon/carillon.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace carillon;

namespace {

constexpr std::size_t threads = 72; // a connection keeps one
const std::string token = "load-0123456789abcdef";
const std::string jobs_path = "/api/v1/scheduler/jobs";

JobSpec job_spec(std::size_t i) {
    return {.name = "Report " + std::to_string(i),
            .schedule = "30 3 * * *",
            .action = {{"type", "run_agent"}, {"prompt", "Summarise the tickets of yesterday"}},
            .time_zone = "Europe/Paris"};
}

HttpRequest api_request(std::string method, const std::string& target, std::string body = "") {
    return {std::move(method),
            target,
            {{"Host", "127.0.0.1"}, {"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}},
            std::move(body),
            "127.0.0.1",
            false};
}

/// A server of the library's kind, and its API.
template <Storage StorageT>
struct Served {
    SchedulerFacade<StorageT> scheduler;
    RestApi<StorageT> api;
    HttplibServer server;

    Served(std::shared_ptr<StorageT> storage, std::size_t jobs)
        : scheduler(std::move(storage))
        , api(scheduler,
              {.authenticate = bearer_tokens({{token, {{"acme", "load"}, {.write = true}}}}),
               .rates = {.reads = {}, .writes = {}, .describe = {}}})
        , server([this](const HttpRequest& request) { return api.handle(request); }, {.threads = threads}) {
        std::vector<JobSpec> specs;
        for (std::size_t i = 0; i < jobs; ++i) {
            specs.push_back(job_spec(i));
            if (specs.size() < 1'000 && i + 1 < jobs) continue;
            (void)scheduler.create_jobs("acme", specs);
            specs.clear();
        }
        server.start();
    }
};

/// Answers each request for the path with the bytes that the API once gave.
class Bare {
public:
    Bare(const HttpResponse& list, const HttpResponse& created) {
        server_.new_task_queue = [] {
            return new httplib::ThreadPool(threads);
        };
        server_.set_tcp_nodelay(true);
        server_.set_keep_alive_max_count(1'000);
        server_.Get(jobs_path, [list](const httplib::Request&, httplib::Response& out) { answer(list, out); });
        server_.Post(jobs_path, [created](const httplib::Request&, httplib::Response& out) { answer(created, out); });
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { server_.listen_after_bind(); });
    }
    ~Bare() {
        server_.stop();
        thread_.join();
    }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
    static void answer(const HttpResponse& response, httplib::Response& out) {
        out.status = response.status;
        for (const auto& field : response.headers)
            if (field.name != "Content-Type") out.set_header(field.name, field.value);
        out.set_content(response.body, "application/json");
    }

    httplib::Server server_;
    int port_ = 0;
    std::thread thread_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const std::size_t jobs = argc > 2 ? static_cast<std::size_t>(std::atoll(argv[2])) : 100'000;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    Served<MemoryStorage> memory(std::make_shared<MemoryStorage>(std::make_shared<SystemClock>()), jobs);
    Served<SqliteStorage> sqlite(SqliteStorage::open(std::string(argv[1]) + "/jobs.db"), jobs);
    const std::string page = jobs_path + "?limit=100&sort=next_run";
    const Bare bare(memory.api.handle(api_request("GET", page)),
                    memory.api.handle(api_request("POST", jobs_path, nlohmann::json(job_spec(0)).dump())));
    std::cout << "bare " << bare.url() << "\nmemory " << memory.server.url() << "\nsqlite " << sqlite.server.url()
              << "\ntoken " << token << "\nbody " << nlohmann::json(job_spec(0)).dump() << std::endl;
    int signal = 0;
    sigwait(&signals, &signal);
}
