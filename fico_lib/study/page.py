"""An executed chapter as one HTML file that needs no other, and its takeaways as text."""

import base64
import re
from html import escape
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; background: #f4f5f7; padding: .6rem .8rem; font-size: .8rem; }
img, svg { max-width: 100%; height: auto; }
blockquote { border-left: 3px solid #9aa5b1; margin-left: 0; padding-left: 1rem; }
summary { color: #5c6670; font-size: .85rem; cursor: pointer; }
"""
ROLE = re.compile(r"\{(\w+)\}`([^`]*)`")
TITLED = re.compile(r"(.*?)\s*<[^>]*>$", re.DOTALL)
FENCE = re.compile(r"^`{3,}\{([\w-]+)\}.*?$\n?(.*?)^`{3,}$\n?", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"^:[\w-]+:.*$\n?", re.MULTILINE)


def page(notebook: Path, style: Path) -> str:
    """The executed notebook as a standalone HTML page.

    style: a CSS file to put into it. What the book hides or leaves out is folded or left out here;
    references to other pages are plain words.
    """
    content = nbformat.read(notebook, as_version=4)
    cells = "\n".join(part for cell in content.cells if (part := _cell(cell)))
    found = re.search(r"<h1>(.*?)</h1>", cells)
    title = found[1] if found else "A chapter"
    css = STYLE + (style.read_text(encoding="utf-8") if style.is_file() else "")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{css}</style></head>\n<body>\n{cells}\n</body></html>\n"
    )


def takeaways(notebook: Path) -> list[str]:
    """The sentences below the heading "Takeaways" of an executed notebook, without markup."""
    content = nbformat.read(notebook, as_version=4)
    below = False
    for cell in content.cells:
        if cell.cell_type == "markdown":
            below = cell.source.lstrip().startswith("## Takeaways")
        elif below:
            texts = [_shown(output, "text/markdown") for output in cell.outputs]
            lines = "\n".join(text for text in texts if text).splitlines()
            plain = (re.sub(r"\*\*|(?<!\\)\*|`", "", _without_roles(line)) for line in lines)
            return [line.removeprefix("- ").strip() for line in plain if line.strip()]
    return []


def _cell(cell) -> str:
    if cell.cell_type == "markdown":
        return markdown(cell.source)
    if cell.cell_type != "code":
        return ""
    tags = set(cell.metadata.get("tags", []))
    if "remove-cell" in tags:
        return ""
    code = f"<pre><code>{escape(cell.source)}</code></pre>"
    if "hide-input" in tags:
        said = cell.metadata.get("mystnb", {}).get("code_prompt_show", "Code")
        code = f"<details><summary>{escape(said)}</summary>{code}</details>"
    shown = [_output(output) for output in cell.outputs] if "remove-output" not in tags else []
    return "\n".join(["" if "remove-input" in tags else code, *filter(None, shown)])


def _output(output) -> str:
    if text := _shown(output, "text/html"):
        return text
    if text := _shown(output, "image/svg+xml"):
        return text[text.index("<svg") :] if "<svg" in text else ""
    if data := _shown(output, "image/png"):
        base64.b64decode(data)
        return f'<img src="data:image/png;base64,{data.strip()}" alt="">'
    if text := _shown(output, "text/markdown"):
        return markdown(text)
    text = output.get("text") or _shown(output, "text/plain")
    return f"<pre>{escape(text)}</pre>" if text else ""


def _shown(output, kind: str) -> str:
    value = output.get("data", {}).get(kind, "")
    return "".join(value) if isinstance(value, list) else str(value)


def markdown(source: str) -> str:
    """Markdown of the book as HTML: roles are their words, directives their content, no raw HTML.

    >>> markdown("See {term}`R@k <recall>` and {doc}`/notebooks/data`.")
    '<p>See R@k and data.</p>\\n'
    """
    source = FENCE.sub(lambda match: OPTION.sub("", match[2]) + "\n", source)
    return MarkdownIt("commonmark", {"html": False}).enable("table").render(_without_roles(source))


def _without_roles(text: str) -> str:
    def words(match: re.Match) -> str:
        titled = TITLED.match(match[2])
        if titled:
            return titled[1]
        return match[2].rpartition("/")[2] if match[1] == "doc" else match[2]

    return ROLE.sub(words, text)
