// SPDX-License-Identifier: MIT
// support/instances/sqlite.cpp - see support/extern_templates.hpp. Not the facade: clang 14 instantiates its
// constructor that does not fit.
#include "carillon/carillon.hpp"

template class carillon::BasicSqliteStorage<void>;
template class carillon::Worker<carillon::SqliteStorage>;
