// SPDX-License-Identifier: MIT
// detail/json_traits.hpp - which members does a type have in JSON, and which names an enum?
//
// One list for each type, which the writer and the reader both follow: what is written is what is read.
#pragma once

#include "carillon/model/policy.hpp"

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <concepts>
#include <type_traits>

namespace carillon::detail {

/// The names of an enum's values; specialised for every enum that travels as text.
template <class Enum>
inline constexpr std::array<EnumRow<Enum>, 0> names_of{};

/// Has `visit(each, value)`, which calls `each.member("key", value.key)` for every member of a struct, where a member
/// has a representation of its own `each.text`, `.object`, `.hex` or `.milliseconds`, and `each.required` where a
/// record without it makes no sense. `each` is an ObjectWriter or an ObjectReader.
template <class T>
struct JsonMembers;

// clang-format off
template <class T>
concept JsonValueType = std::same_as<T, nlohmann::json>;

template <class T>
concept NamedEnum = std::is_enum_v<T> && !names_of<T>.empty();

template <class T>
concept HasJsonMembers = requires { sizeof(JsonMembers<T>); };
// clang-format on

} // namespace carillon::detail
