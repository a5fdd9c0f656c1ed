// SPDX-License-Identifier: MIT
// support/precompiled.hpp - read once for all test files; what most of them instantiate is compiled once, in
// instances.cpp. No test includes this: each names what it uses.
#pragma once

#include "carillon/carillon.hpp"

#include "support/catch.hpp"

extern template class carillon::BasicMemoryStorage<void>;
extern template class carillon::SchedulerFacade<carillon::MemoryStorage>;
extern template class carillon::Worker<carillon::MemoryStorage>;
#ifdef CARILLON_WITH_HTTP
extern template class carillon::RestApi<carillon::MemoryStorage>;
#endif
