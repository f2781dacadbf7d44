"""Files elsewhere in the project that pages link to, made part of the site.

A link such as ``../benchmarks/RESULTS.md`` is right where the sources are read. On the site, what lies
outside of docs stands below ``project/``: pages and pictures as they are, code on a page of its own.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"(?<=\]\()([^)#:\s]+)(?=[)#])")
AS_IT_IS = {".md", ".png", ".svg"}


def project_path(file, link):
    """Where in the project a link leads from a page of the site."""
    page = file.src_uri.removeprefix("project/") if file.generated_by else f"docs/{file.src_uri}"
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def site_path(path):
    """Where a file of the project stands on the site."""
    if path.startswith("docs/") and not path.endswith(".py"):
        return path.removeprefix("docs/")
    return f"project/{path}" + ("" if Path(path).suffix in AS_IT_IS else ".md")


def shown(path):
    """A page that shows a file, and that searches do not find."""
    return f"---\nsearch: {{exclude: true}}\n---\n\n# {path}\n\n````python\n{(ROOT / path).read_text()}````\n"


def on_files(files, config):
    """Add what pages link to, and what those pages link to in turn."""
    pages = files.documentation_pages()
    for page in pages:
        for path in (project_path(page, link) for link in LINK.findall(page.content_string)):
            uri = site_path(path)
            if files.get_file_from_path(uri) or not (ROOT / path).is_file():
                continue
            as_it_is = Path(path).suffix in AS_IT_IS
            content = {"abs_src_path": str(ROOT / path)} if as_it_is else {"content": shown(path)}
            files.append(new := File.generated(config, uri, **content))
            if new.is_documentation_page():
                pages.append(new)
    return files


def on_page_markdown(markdown, page, config, files):
    """Let links lead to where things stand on the site."""
    folder = posixpath.dirname(page.file.src_uri) or "."
    return LINK.sub(
        lambda link: posixpath.relpath(site_path(project_path(page.file, link[0])), folder), markdown
    )
