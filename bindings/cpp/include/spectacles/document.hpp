// spectacles/document.hpp - JSON, ETF and MessagePack as values. What each function does: document.h.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include <spectacles/codec.hpp>
#include <spectacles/document.h>

namespace spectacles
{

/// What a value is: enum spectacles_value_type.
enum class value_type : std::uint32_t {
    none = SPECTACLES_VALUE_NONE,
    null = SPECTACLES_VALUE_NULL,
    false_ = SPECTACLES_VALUE_FALSE,
    true_ = SPECTACLES_VALUE_TRUE,
    integer = SPECTACLES_VALUE_INTEGER,
    number = SPECTACLES_VALUE_NUMBER,
    text = SPECTACLES_VALUE_TEXT,
    array = SPECTACLES_VALUE_ARRAY,
    object = SPECTACLES_VALUE_OBJECT
};

/// A value of a document, or none. It belongs to the document. Looking into no value gives no value, so look-ups can be
/// chained: `d["author"]["id"].snowflake()`.
class value
{
public:
    class iterator
    {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = value;
        using difference_type = std::ptrdiff_t;
        using pointer = const value *;
        using reference = value;

        iterator() noexcept = default;
        explicit iterator(spectacles_value *at) noexcept : at_(at) {}
        [[nodiscard]] value operator*() const noexcept { return value(at_); }
        iterator &operator++() noexcept
        {
            at_ = spectacles_value_next(at_);
            return *this;
        }
        iterator operator++(int) noexcept
        {
            iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(iterator one, iterator other) noexcept { return one.at_ == other.at_; }
        friend bool operator!=(iterator one, iterator other) noexcept { return one.at_ != other.at_; }

    private:
        spectacles_value *at_ = nullptr;
    };

    value() noexcept = default;
    explicit value(spectacles_value *raw) noexcept : raw_(raw) {}
    [[nodiscard]] spectacles_value *get() const noexcept { return raw_; }
    /// False: there is no value.
    [[nodiscard]] explicit operator bool() const noexcept { return raw_ != nullptr; }

    [[nodiscard]] value_type type() const noexcept
    {
        return static_cast<value_type>(spectacles_value_type(raw_));
    }
    [[nodiscard]] bool is_true() const noexcept { return spectacles_value_is_true(raw_) == 1; }
    /// A whole number. Empty: it is none, or is out of the range.
    [[nodiscard]] std::optional<std::int64_t> int64() const noexcept
    {
        return read<std::int64_t, spectacles_value_int64>();
    }
    [[nodiscard]] std::optional<std::uint64_t> uint64() const noexcept
    {
        return read<std::uint64_t, spectacles_value_uint64>();
    }
    [[nodiscard]] std::optional<double> number() const noexcept
    {
        return read<double, spectacles_value_double>();
    }
    /// A Discord id, written as a text or as a number.
    [[nodiscard]] std::optional<std::uint64_t> snowflake() const noexcept
    {
        return read<std::uint64_t, spectacles_value_snowflake>();
    }
    /// A text, or a number as it was written; empty for every other value.
    [[nodiscard]] std::string_view text() const noexcept
    {
        std::size_t length = 0;
        const char *text = spectacles_value_text(raw_, &length);
        return {text, length};
    }
    /// The key of a member of an object.
    [[nodiscard]] std::string_view key() const noexcept
    {
        std::size_t length = 0;
        const char *key = spectacles_value_key(raw_, &length);
        return {key, length};
    }

    /// A member of an object: the last one with this key.
    [[nodiscard]] value operator[](std::string_view key) const noexcept
    {
        return value(spectacles_value_member(raw_, key.data(), key.size()));
    }
    [[nodiscard]] value operator[](const char *key) const noexcept
    {
        return value(spectacles_value_get(raw_, key));
    }
    /// An element of an array. Linear: iterate to see all of them.
    [[nodiscard]] value at(std::size_t index) const noexcept
    {
        return value(spectacles_value_at(raw_, index));
    }
    /// How many elements or members there are. Linear.
    [[nodiscard]] std::size_t size() const noexcept { return spectacles_value_count(raw_); }
    [[nodiscard]] iterator begin() const noexcept { return iterator(spectacles_value_first(raw_)); }
    [[nodiscard]] iterator end() const noexcept { return iterator(); }

    /// Attaches an element of the same document, behind the last one.
    const value &append(value element) const
    {
        check(spectacles_value_append(raw_, element.raw_));
        return *this;
    }
    /// Attaches a member, in the place of those that have the key.
    const value &set(std::string_view key, value member) const
    {
        check(spectacles_value_set(raw_, key.data(), key.size(), member.raw_));
        return *this;
    }
    /// Takes the value out of its container.
    void detach() const noexcept { spectacles_value_detach(raw_); }
    /// Writes the value and all that it contains, in the place of what `out` held.
    void write(bytes &out, format to = format::json) const
    {
        detail::check([&](spectacles_problem *problem) {
            return spectacles_value_write(raw_, static_cast<std::uint32_t>(to), out.get(), problem);
        });
    }

private:
    template <typename Number, auto Read>
    [[nodiscard]] std::optional<Number> read() const noexcept
    {
        Number number{};
        return Read(raw_, &number) < 0 ? std::nullopt : std::optional<Number>(number);
    }
    static void check(int code)
    {
        if (code < 0)
            detail::fail(code,
                         "a value is attached already, is of another document, or the container is none");
    }

    spectacles_value *raw_ = nullptr;
};

/// A document: it owns its values.
class document : public detail::handle<spectacles_document, spectacles_document_free>
{
public:
    document() : handle(create()) {}
    /// Reads a whole document. The bytes are copied.
    explicit document(bytes_view text, format from = format::raw) : document() { parse(text, from); }

    /// Reads a whole document in the place of what was there. flags: SPECTACLES_REPLACE_SURROGATES, or 0.
    value parse(bytes_view text, format from = format::raw, std::uint32_t flags = 0)
    {
        detail::check([&](spectacles_problem *problem) {
            return spectacles_document_parse(get(), static_cast<std::uint32_t>(from), flags, text.data(),
                                             text.size(), problem);
        });
        return root();
    }
    [[nodiscard]] value root() const noexcept { return value(spectacles_document_root(get())); }
    void set_root(value root)
    {
        if (int code = spectacles_document_set_root(get(), root.get()); code < 0)
            detail::fail(code, "a root is a value of its document that is attached to nothing");
    }
    /// Ends the life of every value.
    void clear() noexcept { spectacles_document_clear(get()); }

    // Each makes a value that is attached to nothing yet.
    [[nodiscard]] value null() { return made(spectacles_document_null); }
    [[nodiscard]] value boolean(bool truth) { return made(spectacles_document_bool, truth ? 1 : 0); }
    [[nodiscard]] value int64(std::int64_t number) { return made(spectacles_document_int64, number); }
    [[nodiscard]] value uint64(std::uint64_t number) { return made(spectacles_document_uint64, number); }
    [[nodiscard]] value array() { return made(spectacles_document_array); }
    [[nodiscard]] value object() { return made(spectacles_document_object); }
    [[nodiscard]] value real(double number) { return made(spectacles_document_double, number); }
    /// A number of any size, as JSON writes it.
    [[nodiscard]] value number(std::string_view text)
    {
        return made(spectacles_document_number, text.data(), text.size());
    }
    [[nodiscard]] value text(std::string_view text)
    {
        return made(spectacles_document_text, text.data(), text.size());
    }

private:
    [[nodiscard]] static spectacles_document *create()
    {
        spectacles_document *made = nullptr;
        if (int code = spectacles_document_new(&made); code < 0)
            detail::fail(code, "");
        return made;
    }
    template <typename Make, typename... Arguments>
    [[nodiscard]] value made(Make make, Arguments... arguments)
    {
        spectacles_value *out = nullptr;
        if (int code = make(get(), arguments..., &out); code < 0)
            detail::fail(code, "");
        return value(out);
    }
};

} // namespace spectacles
