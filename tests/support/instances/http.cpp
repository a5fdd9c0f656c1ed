// SPDX-License-Identifier: MIT
// support/instances/http.cpp - see support/extern_templates.hpp.
#include "carillon/carillon.hpp"

template class carillon::RestApi<carillon::MemoryStorage>;
