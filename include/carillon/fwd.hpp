// SPDX-License-Identifier: MIT
// fwd.hpp - the names, for headers that only mention them.
#pragma once

namespace carillon {

class Clock;
class CronExpression;
class Error;
class RunContext;
class Schedule;
class TimeZone;

template <class Void>
class BasicMemoryStorage;
using MemoryStorage = BasicMemoryStorage<void>;

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
