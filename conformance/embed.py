#!/usr/bin/env python3
"""Writes a C++ source that holds files as string views: embed.py OUTPUT FUNCTION FILE...

The source defines `std::span<const est::conformance::embedded_file> est::conformance::FUNCTION()`, one entry a file, in
the order given, with the file's own name (no folder) and its octets. conformance/embedded.hpp declares the type.
"""
import pathlib
import sys


# A file may be longer than the 65,536 characters of a literal that every compiler has to support; those here support more.
HEAD = ['#include "embedded.hpp"', "", "#pragma GCC diagnostic ignored \"-Woverlength-strings\"", ""]


def literal(octets: bytes) -> str:
    """One line of a string literal; octal escapes have three digits, so that no digit after them is swallowed."""
    text = ""
    for octet in octets:
        character = chr(octet)
        if octet == 0x0A:
            text += "\\n"
        elif character in '"\\?' or octet < 0x20 or octet > 0x7E:
            text += f"\\{octet:03o}"
        else:
            text += character
    return f'    "{text}"'


def main() -> None:
    output, function, files = sys.argv[1], sys.argv[2], [pathlib.Path(f) for f in sys.argv[3:]]
    out = [*HEAD, "namespace est::conformance {", "", "namespace {", ""]
    for index, file in enumerate(files):
        content = file.read_bytes()
        lines = content.splitlines(keepends=True) or [b""]
        out.append(f"constexpr char content_{index}[] =")
        out.append("\n".join(literal(line) for line in lines) + ";")
    out.append(f"constexpr std::array<embedded_file, {len(files)}> files{{{{")
    for index, file in enumerate(files):
        out.append(f'    {{"{file.name}", {{content_{index}, sizeof content_{index} - 1}}}},')
    out += ["}};", "", "} // namespace", ""]
    out.append(f"std::span<const embedded_file> {function}() {{ return files; }}")
    out += ["", "} // namespace est::conformance", ""]
    pathlib.Path(output).write_text("\n".join(out))


if __name__ == "__main__":
    main()
