// SPDX-License-Identifier: MIT
// carillon.hpp - the job scheduler that a C++ program includes.
//
//   #include <carillon/carillon.hpp>
//
//   #include <chrono>
//   #include <iostream>
//   #include <thread>
//
//   int main() {
//       carillon::SchedulerFacade<> scheduler;
//       carillon::Worker worker{scheduler, {.threads = 2}};
//       worker.handle("greet", [](carillon::RunContext& run) {
//           std::cout << "Hello, " << run.action().at("whom").get<std::string>() << "!" << std::endl;
//       });
//       scheduler.create_job(
//           "acme", {.name = "greeting", .schedule = "* * * * * *", .action = {{"type", "greet"}, {"whom", "world"}}});
//       worker.start();
//       std::this_thread::sleep_for(std::chrono::seconds{3});
//   }
#pragma once

#include "carillon/audit_sinks.hpp"
#include "carillon/clock.hpp"
#include "carillon/error.hpp"
#include "carillon/fwd.hpp"
#include "carillon/ids.hpp"
#include "carillon/model/audit.hpp"
#include "carillon/model/job.hpp"
#include "carillon/model/json.hpp"
#include "carillon/model/policy.hpp"
#include "carillon/model/run.hpp"
#include "carillon/observe/events.hpp"
#include "carillon/observe/health.hpp"
#include "carillon/observe/metrics.hpp"
#include "carillon/planner.hpp"
#include "carillon/schedule/cron.hpp"
#include "carillon/schedule/schedule.hpp"
#include "carillon/schedule/time_zone.hpp"
#include "carillon/scheduler_facade.hpp"
#include "carillon/storage/memory.hpp"
#include "carillon/storage/storage.hpp"
#include "carillon/time.hpp"
#include "carillon/version.hpp"
#include "carillon/worker/handler.hpp"
#include "carillon/worker/worker.hpp"

// Adapters, where their targets are linked.
#ifdef CARILLON_WITH_ASIO
#    include "carillon/asio.hpp"
#endif
#ifdef CARILLON_WITH_HTTP
#    include "carillon/http/httplib_server.hpp"
#    include "carillon/http/rest_api.hpp"
#endif
#ifdef CARILLON_WITH_SQLITE
#    include "carillon/storage/sqlite.hpp"
#endif
