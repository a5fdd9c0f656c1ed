// SPDX-License-Identifier: MIT
// fwd.hpp - the names, for headers that only mention them.
#pragma once

namespace carillon {

class Clock;
class CronExpression;
class Error;
class MemoryStorage;
class RunContext;
class Schedule;
class TimeZone;

struct AuditEvent;
struct Caller;
struct FacadeOptions;
struct JobPatch;
struct JobRun;
struct JobSpec;
struct Policies;
struct ScheduledJob;
struct WorkerOptions;

} // namespace carillon
