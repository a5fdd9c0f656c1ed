// SPDX-License-Identifier: MIT
// support/instances/memory.cpp - see support/extern_templates.hpp.
#include "carillon/carillon.hpp"

template class carillon::BasicMemoryStorage<void>;
template class carillon::SchedulerFacade<carillon::MemoryStorage>;
template class carillon::Worker<carillon::MemoryStorage>;
