// SPDX-License-Identifier: MIT
// handlers.hpp - what the quickstart can do: run a command, measure a directory.
#pragma once

#include <carillon/worker/handler.hpp>

namespace quickstart {

/// {"command": "..."}: runs it with /bin/sh, without input; result {"output": "..."}, the last 4 KiB of what it and its
/// children printed, who are waited for. An exit status other than 0, or a signal, is a failure. When the run shall
/// stop, they all get SIGTERM, and a second later SIGKILL.
nlohmann::json shell(carillon::RunContext& run);

/// {"path": "..."}: walks the directory; result {"files": n, "bytes": n, "unreadable": n}. A path that is no directory
/// is a failure for good.
nlohmann::json disk_report(carillon::RunContext& run);

} // namespace quickstart
