// SPDX-License-Identifier: MIT
// model/json_text.hpp - a JSON value as records keep it: its text, shared.
//
// A parsed nlohmann::json of a small action takes a kilobyte and 300 ns to copy, its shared text 16 bytes and 4 ns, and
// most copies of a record are made by code that never looks inside. So records keep the text and parse it when asked.
#pragma once

#include <nlohmann/json.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

/// An immutable JSON value; by default null. Cheap to copy, equal by its text, thread-safe to read. Reads as
/// nlohmann::json does (`job.action["type"]`, `job.metadata.value("owner", "")`), but each such call parses the text:
/// take `json()` once where several members are wanted.
///
/// What works on the parsed value is a template, so that a program pays to compile it where it is used.
class JsonText {
public:
    JsonText() = default;
    /// Throws nlohmann's type_error where a string inside is not UTF-8.
    JsonText(const nlohmann::json& value)
        : text_(shared_text(value)) {}

    /// Takes over text that was `text()` once: a storage gives back the same bytes. Not parsed, not checked.
    [[nodiscard]] static JsonText from_text(std::string text) {
        JsonText value;
        if (text != null_text) value.text_ = std::make_shared<const std::string>(std::move(text));
        return value;
    }

    /// The compact text, "null" where there is no value.
    [[nodiscard]] std::string_view text() const noexcept { return text_ ? std::string_view(*text_) : null_text; }
    [[nodiscard]] bool is_null() const noexcept { return text_ == nullptr; }
    template <class Json = nlohmann::json>
    [[nodiscard]] Json json() const {
        return text_ ? Json::parse(*text_) : Json();
    }

    template <class Json = nlohmann::json>
    [[nodiscard]] Json at(const std::string& key) const {
        return json<Json>().at(key);
    }
    /// The member, or null where there is none.
    template <class Json = nlohmann::json>
    [[nodiscard]] Json operator[](const std::string& key) const {
        const Json all = json<Json>();
        const auto member = all.find(key);
        return member == all.end() ? Json() : *member;
    }
    template <class Json = nlohmann::json>
    [[nodiscard]] bool contains(const std::string& key) const {
        return json<Json>().contains(key);
    }
    template <class T, class Json = nlohmann::json>
    [[nodiscard]] auto value(const std::string& key, const T& otherwise) const {
        return json<Json>().value(key, otherwise);
    }

    friend bool operator==(const JsonText& a, const JsonText& b) noexcept {
        return a.text_ == b.text_ || a.text() == b.text();
    }
    template <std::same_as<nlohmann::json> Json>
    friend bool operator==(const JsonText& a, const Json& b) {
        return a.template json<Json>() == b;
    }

    template <std::same_as<nlohmann::json> Json>
    friend void to_json(Json& out, const JsonText& value) {
        out = value.template json<Json>();
    }
    template <std::same_as<nlohmann::json> Json>
    friend void from_json(const Json& in, JsonText& value) {
        value = JsonText(in);
    }

private:
    static constexpr std::string_view null_text = "null";

    /// All empty objects share one text: most jobs have no metadata.
    static std::shared_ptr<const std::string> shared_text(const nlohmann::json& value) {
        static const auto empty_object = std::make_shared<const std::string>("{}");
        if (value.is_null()) return nullptr;
        if (value.is_object() && value.empty()) return empty_object;
        return std::make_shared<const std::string>(value.dump());
    }

    std::shared_ptr<const std::string> text_;
};

} // namespace carillon
