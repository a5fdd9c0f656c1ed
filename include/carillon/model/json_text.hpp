// SPDX-License-Identifier: MIT
// model/json_text.hpp - a JSON value as records keep it: its text, shared.
//
// A parsed nlohmann::json of a small action takes a kilobyte and 300 ns to copy, its shared text 16 bytes and 4 ns, and
// most copies of a record are made by code that never looks inside. So records keep the text and parse it when asked.
#pragma once

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

/// An immutable JSON value; by default null. Cheap to copy, equal by its text, thread-safe to read. Reads as
/// nlohmann::json does (`job.action["type"]`, `job.metadata.value("owner", "")`), but each such call parses the text:
/// take `json()` once where several members are wanted.
class JsonText {
public:
    JsonText() = default;
    /// Throws nlohmann's type_error where a string inside is not UTF-8.
    JsonText(const nlohmann::json& value)
        : text_(value.is_null() ? nullptr : std::make_shared<const std::string>(value.dump())) {}

    /// Takes over text that was `text()` once: a storage gives back the same bytes. Not parsed, not checked.
    [[nodiscard]] static JsonText from_text(std::string text) {
        JsonText value;
        if (text != null_text) value.text_ = std::make_shared<const std::string>(std::move(text));
        return value;
    }

    /// The compact text, "null" where there is no value.
    [[nodiscard]] std::string_view text() const noexcept { return text_ ? std::string_view(*text_) : null_text; }
    [[nodiscard]] bool is_null() const noexcept { return text_ == nullptr; }
    [[nodiscard]] nlohmann::json json() const { return text_ ? nlohmann::json::parse(*text_) : nlohmann::json(); }

    [[nodiscard]] nlohmann::json at(const std::string& key) const { return json().at(key); }
    /// The member, or null where there is none.
    [[nodiscard]] nlohmann::json operator[](const std::string& key) const {
        const nlohmann::json all = json();
        const auto member = all.find(key);
        return member == all.end() ? nlohmann::json() : *member;
    }
    [[nodiscard]] bool contains(const std::string& key) const { return json().contains(key); }
    template <class T>
    [[nodiscard]] auto value(const std::string& key, const T& otherwise) const {
        return json().value(key, otherwise);
    }

    friend bool operator==(const JsonText& a, const JsonText& b) noexcept {
        return a.text_ == b.text_ || a.text() == b.text();
    }
    friend bool operator==(const JsonText& a, const nlohmann::json& b) { return a.json() == b; }

    friend void to_json(nlohmann::json& out, const JsonText& value) { out = value.json(); }
    friend void from_json(const nlohmann::json& in, JsonText& value) { value = JsonText(in); }

private:
    static constexpr std::string_view null_text = "null";
    std::shared_ptr<const std::string> text_;
};

} // namespace carillon
