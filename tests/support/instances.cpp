// SPDX-License-Identifier: MIT
// support/instances.cpp - the templates that precompiled.hpp tells every test file to find here.
#include "carillon/carillon.hpp"

template class carillon::BasicMemoryStorage<void>;
template class carillon::SchedulerFacade<carillon::MemoryStorage>;
template class carillon::Worker<carillon::MemoryStorage>;
#ifdef CARILLON_WITH_HTTP
template class carillon::RestApi<carillon::MemoryStorage>;
#endif
