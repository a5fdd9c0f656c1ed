// SPDX-License-Identifier: MIT
// support/extern_templates.hpp - what most tests and examples would each compile anew is compiled once, in
// support/instances/. Nobody includes this: the build does.
#pragma once

#include "carillon/carillon.hpp"

extern template class carillon::BasicMemoryStorage<void>;
extern template class carillon::SchedulerFacade<carillon::MemoryStorage>;
extern template class carillon::Worker<carillon::MemoryStorage>;
#if defined CARILLON_WITH_SQLITE && defined CARILLON_TEST_SQLITE_INSTANCES
extern template class carillon::BasicSqliteStorage<void>;
extern template class carillon::Worker<carillon::SqliteStorage>;
#endif
#ifdef CARILLON_WITH_HTTP
extern template class carillon::RestApi<carillon::MemoryStorage>;
#endif
