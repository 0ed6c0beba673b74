"""The same as HTML: a page for each header with all that it declares, and a page for each page of doc/."""
from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

import markdown

from blocks import Bullets, Paragraph, Terms, Verbatim, blocks
from headers import Declaration, Header

WORD = re.compile(r"\bspectacles_\w+\b(?:\.h\b)?|\bdoc/\w+\.md\b")
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
STYLE = """
:root { color-scheme: light dark; --line: #8884; --code: #8881; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
nav { border-bottom: 1px solid var(--line); padding-bottom: .6rem; margin-bottom: 1.5rem; }
nav a { margin-right: 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
h3 { margin-top: 2rem; font-family: ui-monospace, monospace; font-size: 1rem; overflow-wrap: anywhere; }
pre, code { font-family: ui-monospace, monospace; font-size: .875em; }
pre { background: var(--code); padding: .7rem .9rem; overflow-x: auto; border-radius: .3rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
dt { font-family: ui-monospace, monospace; margin-top: .4rem; }
img { max-width: 100%; }
"""


def title_of(source: str) -> str:
    found = TITLE.search(source)
    return found.group(1).strip() if found else "libspectacles"


@dataclass
class Page:
    """What a page needs to know: the version, the way from its folder to the root, and where each name is described."""
    version: str
    root: str  # "" or "../../"
    places: Mapping[str, str]  # spectacles_shard_new: include/spectacles/shard.h.html#spectacles_shard_new

    def linked(self, text: str) -> str:
        """Text with a link behind each name that is described somewhere."""
        out, end = [], 0
        for word in WORD.finditer(text):
            out.append(html.escape(text[end:word.start()]))
            place = self.places.get(word.group())
            name = html.escape(word.group())
            out.append(f'<a href="{self.root}{place}">{name}</a>' if place else name)
            end = word.end()
        return "".join(out) + html.escape(text[end:])

    def whole(self, title: str, content: str) -> str:
        return (f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
                f"<title>{html.escape(title)} - libspectacles</title>\n<style>{STYLE}</style>\n"
                f'<nav><a href="{self.root}index.html">libspectacles {html.escape(self.version)}</a>'
                f'<a href="{self.root}README.html">README</a></nav>\n'
                f"<main>\n{content}\n</main>\n</html>\n")

    def comment(self, text: str) -> str:
        out = []
        for block in blocks(text):
            if isinstance(block, Paragraph):
                out.append(f"<p>{self.linked(block.text)}</p>")
            elif isinstance(block, Verbatim):
                out.append("<pre>" + self.linked("\n".join(block.lines)) + "</pre>")
            elif isinstance(block, Bullets):
                out.append("<ul>" + "".join(f"<li>{self.linked(each)}</li>" for each in block.items) + "</ul>")
            elif isinstance(block, Terms):
                rows = (f"<dt>{html.escape(name)}</dt><dd>{self.linked(each)}</dd>" for name, each in block.items)
                out.append("<dl>" + "".join(rows) + "</dl>")
        return "\n".join(out)

    def _declaration(self, each: Declaration) -> str:
        anchors = "".join(f'<a id="{name}"></a>' for name in each.names[1:])
        return (f'<h3 id="{each.names[0]}">{", ".join(each.names)}</h3>{anchors}\n'
                f"<pre>{self.linked(each.code)}</pre>\n{self.comment(each.comment)}")

    def header(self, header: Header) -> str:
        parts, section = [f"<h1>&lt;spectacles/{header.name}&gt;</h1>", f"<p>{html.escape(header.title)}</p>", self.comment(header.text)], ""
        for each in header.declarations:
            if each.section and each.section != section:
                section = each.section
                parts.append(f"<h2>{html.escape(section)}</h2>")
            parts.append(self._declaration(each))
        return self.whole(header.name, "\n".join(parts))

    def text(self, source: str) -> str:
        """A page in Markdown. Its links to other pages and to headers lead to what they became."""
        content = markdown.markdown(source, extensions=["tables", "fenced_code", "toc"])
        content = re.sub(r'href="([^":#]+)\.md(#[^"]*)?"', r'href="\1.html\2"', content)
        content = re.sub(r'href="([^":#]*include/spectacles/\w+\.h)"', r'href="\1.html"', content)
        return self.whole(title_of(source), content)

    def index(self, headers: list[Header], texts: Mapping[str, str]) -> str:
        texts_ = "".join(f'<li><a href="{path}">{html.escape(title)}</a></li>' for path, title in texts.items())
        headers_ = "".join(f'<li><a href="include/spectacles/{each.name}.html">{each.name}</a>: {html.escape(each.title)}</li>' for each in headers)
        return self.whole("Contents", f"<h1>libspectacles</h1>\n<h2>Pages</h2>\n<ul>{texts_}</ul>\n<h2>Headers</h2>\n<ul>{headers_}</ul>")

    def listing(self, folder: str, names: list[str]) -> str:
        rows = "".join(f'<li><a href="{html.escape(name)}">{html.escape(name)}</a></li>' for name in names)
        return self.whole(folder, f"<h1>{html.escape(folder)}</h1>\n<ul>{rows}</ul>")
