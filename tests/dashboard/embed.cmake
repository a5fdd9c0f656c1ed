# SPDX-License-Identifier: MIT
# embed.cmake - turns the dashboard's files into the literals of include/carillon/http/detail/dashboard_files.hpp:
#
#   cmake -P tests/dashboard/embed.cmake
#
# To be run whenever one of them has changed; a test compares. Whoever uses the library needs none of this.
cmake_policy(VERSION 3.22)
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH tests)
cmake_path(GET tests PARENT_PATH root)
set(folder "${root}/include/carillon/http/dashboard")
set(header "${root}/include/carillon/http/detail/dashboard_files.hpp")
set(most_bytes 16000) # of a literal: MSVC takes 16,380, and lines are not cut

file(GLOB_RECURSE files RELATIVE "${folder}" "${folder}/*.html" "${folder}/*.css" "${folder}/*.svg" "${folder}/*.js")
list(SORT files)

set(literals "")
set(rows "")
foreach(file IN LISTS files)
    file(READ "${folder}/${file}" text)
    string(MAKE_C_IDENTIFIER "dashboard_${file}" name)
    set(pieces "")
    string(LENGTH "${text}" left)
    while(left GREATER 0)
        set(size ${left})
        if(left GREATER most_bytes)
            string(SUBSTRING "${text}" 0 ${most_bytes} start)
            string(FIND "${start}" "\n" last_line_end REVERSE)
            math(EXPR size "${last_line_end} + 1")
        endif()
        if(size EQUAL 0)
            message(FATAL_ERROR "${file} has a line of more than ${most_bytes} bytes, which no literal can hold")
        endif()
        string(SUBSTRING "${text}" 0 ${size} piece)
        string(SUBSTRING "${text}" ${size} -1 text)
        string(LENGTH "${text}" left)
        string(APPEND pieces "    R\"carillon(${piece})carillon\",\n")
    endwhile()
    string(APPEND literals "inline constexpr std::string_view ${name}[] = {\n${pieces}};\n\n")
    string(APPEND rows "    {\"${file}\", ${name}},\n")
endforeach()

file(WRITE "${header}.new" "// SPDX-License-Identifier: MIT
// http/detail/dashboard_files.hpp - the files of http/dashboard/, made by tests/dashboard/embed.cmake: change those.
#pragma once

#include <span>
#include <string_view>

// clang-format off
namespace carillon::detail {

struct DashboardFile {
    std::string_view name;
    std::span<const std::string_view> pieces;
};

${literals}inline constexpr DashboardFile dashboard_files[] = {
${rows}};

} // namespace carillon::detail
// clang-format on
")
file(RENAME "${header}.new" "${header}")
