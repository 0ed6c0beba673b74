"""Turns the status page into C: page_embed.py page_status.html page_status.c"""
from __future__ import annotations

import base64
import hashlib
import re
import sys
from pathlib import Path

COLUMNS = 16


def sources(page: str, tag: str) -> str:
    """The hashes of what stands in the tags of one kind, as a Content-Security-Policy wants them."""
    texts = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts)


def policy(page: str) -> str:
    return (f"default-src 'none'; script-src {sources(page, 'script')}; style-src {sources(page, 'style')}; "
            "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


def main(source: str, target: str) -> None:
    page = Path(source).read_bytes()
    rows = (", ".join(map(str, page[at:at + COLUMNS])) for at in range(0, len(page), COLUMNS))
    Path(target).write_text(
        "/* Made by page_embed.py from page_status.html. http_routes.c calls for it. */\n"
        '#include "page_status.h"\n\n'
        "const char page_status_html[] = {\n" + ",\n".join(rows) + "};\n"
        "const size_t page_status_html_length = sizeof page_status_html;\n"
        f'const char page_status_policy[] =\n    "{policy(page.decode())}";\n')


main(*sys.argv[1:])
