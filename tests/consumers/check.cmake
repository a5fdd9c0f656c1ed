# Builds one consumer project from nothing, runs it, and looks at what Carillon did to it.
#
#   CONSUMER   find_package, find_package_asio, find_package_sqlite, find_package_http, find_package_after_fetch,
#              add_subdirectory, fetch_content, include_path
#   CARILLON   the source tree             WORK        a folder to write to
#   CXX        the compiler                GENERATOR   CMake's
#   JSON_SOURCE, DATE_SOURCE               folders with include/ for what is otherwise fetched

cmake_minimum_required(VERSION 3.25)

set(ENV{CXX} "${CXX}")
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT result EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "${command}\nended with ${result}:\n${output}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

# As on a machine that has none of the dependencies.
set(fetch_dependencies
    -DFETCHCONTENT_TRY_FIND_PACKAGE_MODE=NEVER "-DFETCHCONTENT_SOURCE_DIR_NLOHMANN_JSON=${JSON_SOURCE}"
    "-DFETCHCONTENT_SOURCE_DIR_DATE=${DATE_SOURCE}")

function(install_carillon)
    run("${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${CARILLON}" -B "${WORK}/carillon" -DCARILLON_BUILD_TESTS=OFF
        -DCARILLON_BUILD_EXAMPLES=OFF ${ARGN})
    run("${CMAKE_COMMAND}" --install "${WORK}/carillon" --prefix "${WORK}/prefix")
endfunction()

function(build_consumer project)
    run("${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${CARILLON}/tests/consumers/${project}" -B "${WORK}/build" ${ARGN})
    run("${CMAKE_COMMAND}" --build "${WORK}/build")
    run("${WORK}/build/consumer")
endfunction()

# The consumer's cache has no entry that decides how the consumer is compiled or installed, and none of our own programs
# is in its build.
function(expect_untouched)
    file(STRINGS "${WORK}/build/CMakeCache.txt" touched REGEX
         "^(CMAKE_CXX_STANDARD|CMAKE_CXX_EXTENSIONS|BUILD_SHARED_LIBS|BUILD_TESTING|USE_SYSTEM_TZ_DB|CMAKE_INSTALL_LIBDIR|JSON_[A-Za-z]+|CATCH_[A-Z_]+)[:-]")
    if(touched)
        message(FATAL_ERROR "The consumer's cache should have no entry from us, saw: ${touched}")
    endif()
    run("${CMAKE_COMMAND}" --build "${WORK}/build" --target help)
    string(REGEX MATCHALL "carillon_tests|Catch2|carillon_odr|compile_fail[a-z_]*|examples|quickstart|verify_interface|carillon_headers|carillon_instances" ours
                          "${output}")
    if(ours)
        message(FATAL_ERROR "The consumer's build should have none of our programs, saw: ${ours}")
    endif()
endfunction()

if(CONSUMER STREQUAL "find_package")
    install_carillon()
    build_consumer(find_package "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
elseif(CONSUMER STREQUAL "find_package_asio")
    install_carillon()
    build_consumer(find_package "-DCMAKE_PREFIX_PATH=${WORK}/prefix" -DADAPTERS=asio)
elseif(CONSUMER STREQUAL "find_package_http")
    install_carillon()
    build_consumer(find_package "-DCMAKE_PREFIX_PATH=${WORK}/prefix" -DADAPTERS=http)
elseif(CONSUMER STREQUAL "find_package_sqlite")
    install_carillon()
    build_consumer(find_package "-DCMAKE_PREFIX_PATH=${WORK}/prefix" -DADAPTERS=sqlite)
elseif(CONSUMER STREQUAL "find_package_after_fetch")
    install_carillon(${fetch_dependencies})
    foreach(header nlohmann/json.hpp date/date.h)
        if(NOT EXISTS "${WORK}/prefix/include/${header}")
            message(FATAL_ERROR "An install after fetching should bring include/${header}, it did not")
        endif()
    endforeach()
    build_consumer(
        find_package "-DCMAKE_PREFIX_PATH=${WORK}/prefix" -DCMAKE_DISABLE_FIND_PACKAGE_date=ON
        -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON)
elseif(CONSUMER STREQUAL "add_subdirectory")
    build_consumer(add_subdirectory "-DCARILLON=${CARILLON}")
elseif(CONSUMER STREQUAL "fetch_content")
    build_consumer(fetch_content "-DFETCHCONTENT_SOURCE_DIR_CARILLON=${CARILLON}" ${fetch_dependencies})
elseif(CONSUMER STREQUAL "include_path")
    run("${CXX}" -std=c++20 -I "${CARILLON}/include" -I "${JSON_SOURCE}/include" -I "${DATE_SOURCE}/include"
        "${CARILLON}/tests/consumers/main.cpp" -pthread -o "${WORK}/consumer")
    run("${WORK}/consumer")
    return()
else()
    message(FATAL_ERROR "CONSUMER is \"${CONSUMER}\"; the top of this file lists what it can be")
endif()
expect_untouched()
