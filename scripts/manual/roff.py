"""Manual pages in man(7): one for each header, one for each function, and one line for each type that points to its header."""
from __future__ import annotations

import re

from blocks import Bullets, Paragraph, Terms, Verbatim, blocks
from headers import Declaration, Header


MENTIONED = re.compile(r"\b(spectacles_\w+)\(\)")


def escape(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(['.])", r"\\&\1", text, flags=re.MULTILINE)


def code(lines: str) -> str:
    return f".nf\n{escape(lines)}\n.fi"


def paragraph(text: str) -> str:
    """What a function returns has a heading of its own, as in every manual."""
    return (".SH RETURN VALUE\n" if text.startswith("Returns") else ".PP\n") + escape(text)


def body(text: str) -> str:
    out = []
    for block in blocks(text):
        if isinstance(block, Paragraph):
            out.append(paragraph(block.text))
        elif isinstance(block, Verbatim):
            out.append(".PP\n" + code("\n".join(block.lines)))
        elif isinstance(block, Bullets):
            out += [f".IP \\(bu 2\n{escape(item)}" for item in block.items]
        elif isinstance(block, Terms):
            out += [f".TP\n.B {escape(name)}\n{escape(item)}" for name, item in block.items]
    return "\n".join(out)


def title(name: str, version: str) -> str:
    return f'.TH {name} 3 "" "libspectacles {version}" "libspectacles"\n.nh\n.ad l'


def include(header: Header) -> str:
    return f".B #include <spectacles/{header.name}>"


def function_page(header: Header, each: Declaration, version: str) -> str:
    mentioned = sorted(set(MENTIONED.findall(each.comment)) - set(each.names))
    return "\n".join([
        title(each.names[0], version),
        f".SH NAME\n{', '.join(map(escape, each.names))} \\- {escape(each.summary.rstrip('.'))}",
        f".SH SYNOPSIS\n.nf\n{include(header)}\n.PP\n{escape(each.code)}\n.fi",
        ".SH DESCRIPTION\n" + body(each.comment),
        ".SH SEE ALSO\n" + " ,\n".join(f".BR {escape(name)} (3)" for name in [header.page, *mentioned]),
    ]) + "\n"


def listed(each: Declaration) -> str:
    if each.is_function:
        return f".TP\n.BR {escape(', '.join(each.names))} (3)\n{escape(each.summary)}"
    return f".SS {each.names[0]}\n{body(each.comment)}\n.PP\n{code(each.code)}"


def header_page(header: Header, version: str) -> str:
    types = [each for each in header.declarations if not each.is_function]
    functions = [each for each in header.declarations if each.is_function]
    parts = [title(header.page, version),
             f".SH NAME\n{escape(header.page)} \\- {escape(header.title)}",
             f".SH SYNOPSIS\n{include(header)}\n.PP\nLink with the flags of\n.BR pkg\\-config\\ \\-\\-libs\\ spectacles .",
             ".SH DESCRIPTION\n" + body(header.text)]
    if functions:
        parts.append(".SH FUNCTIONS\n" + "\n".join(map(listed, functions)))
    if types:
        parts.append(".SH TYPES\n" + "\n".join(map(listed, types)))
    return "\n".join(parts) + "\n"


def pages(header: Header, version: str) -> dict[str, str]:
    """The files of man3 by name."""
    files = {f"{header.page}.3": header_page(header, version)}
    for each in header.declarations:
        first = header.page if not each.is_function else each.names[0]
        if each.is_function:
            files[f"{each.names[0]}.3"] = function_page(header, each, version)
        for name in each.names[1 if each.is_function else 0:]:
            files[f"{name}.3"] = f".so man3/{first}.3\n"
    return files
