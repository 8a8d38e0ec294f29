"""What an HTML page must have so that everybody can use it (WCAG 2.2 AA), as far as its markup tells."""

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
UNLABELLED_INPUTS = frozenset({"hidden", "submit", "button"})


@dataclass
class Element:
    """One element with its text and what is in it."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None" = None
    children: list["Element"] = field(default_factory=list)
    own_text: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it, in order enough for a look."""
        return " ".join(" ".join(self.own_text + [child.text for child in self.children]).split())

    def inside(self, tag: str) -> bool:
        """Whether it stands in an element of that kind."""
        above = self.parent
        while above is not None:
            if above.tag == tag:
                return True
            above = above.parent
        return False


class Page(HTMLParser):
    """A parsed page. Refuses an end tag that closes something else: every element is written out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Element("#root", {})
        self.elements: list[Element] = []
        self._open = [self.root]
        self.feed(html)
        self.close()
        assert self._open == [self.root], f"not closed: {[one.tag for one in self._open[1:]]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}"
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open[-1])
        self._open[-1].children.append(element)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes {self._open[-1].tag}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].own_text.append(data)

    def all(self, *tags: str) -> list[Element]:
        """All elements of these kinds, in their order."""
        return [each for each in self.elements if each.tag in tags]

    def one(self, tag: str) -> Element:
        """The only element of its kind."""
        found = self.all(tag)
        assert len(found) == 1, f"{len(found)} {tag}"
        return found[0]


def faults(html: str, *, language: str) -> list[str]:
    """What keeps somebody from using the page; empty when nothing was found."""
    page = Page(html)
    return [
        *_frame(page, language),
        *_headings(page),
        *_landmarks(page),
        *_names(page),
        *_forms(page),
        *_tables(page),
        *_dangers(page),
    ]


def _frame(page: Page, language: str) -> list[str]:
    root = page.one("html").attributes
    zoom = [e.attributes.get("content", "") for e in page.all("meta") if e.attributes.get("name") == "viewport"]
    wrong = {
        "lang is not the page's language": root.get("lang") != language,
        "no reading direction": root.get("dir") not in {"ltr", "rtl"},
        "no title": not page.one("title").text,
        "no viewport": len(zoom) != 1,
        "zooming is kept from people": any("user-scalable" in z or "maximum-scale" in z for z in zoom),
        "a second language is not marked": any(
            not e.attributes["lang"] for e in page.elements if "lang" in e.attributes
        ),
    }
    return [what for what, found in wrong.items() if found]


def _headings(page: Page) -> list[str]:
    levels = [int(each.tag[1]) for each in page.all(*HEADINGS)]
    wrong = [f"{levels.count(1)} h1"] if levels.count(1) != 1 else []
    wrong += [] if not levels or levels[0] == 1 else ["the first heading is no h1"]
    wrong += [f"h{after} after h{before}" for before, after in pairwise(levels) if after > before + 1]
    return wrong + [f"an empty {each.tag}" for each in page.all(*HEADINGS) if not each.text]


def _landmarks(page: Page) -> list[str]:
    wrong = [] if len(page.all("main")) == 1 else ["not one main"]
    body = page.one("body")
    outside = [
        child.tag
        for child in body.children
        if child.tag not in {"header", "main", "footer", "nav"} and "skip" not in child.attributes.get("class", "")
    ]
    wrong += [f"{tag} stands outside the landmarks" for tag in outside]
    unnamed = [nav for nav in page.all("nav") if not _named(page, nav)]
    return wrong + ["a nav without a name"] * len(unnamed)


def _names(page: Page) -> list[str]:
    ids = Counter(each.attributes["id"] for each in page.elements if "id" in each.attributes)
    wrong = [f"the id {name} {count} times" for name, count in ids.items() if count > 1]
    for each in page.elements:
        for attribute in ("aria-labelledby", "aria-describedby", "for"):
            wrong += [
                f"{attribute} names {name}, which is not there"
                for name in each.attributes.get(attribute, "").split()
                if name not in ids
            ]
    wrong += [f"a section without a name: {each.text[:30]}" for each in page.all("section") if not _named(page, each)]
    wrong += [f"a {each.tag} without text" for each in page.all("a", "button", "summary", "legend") if not each.text]
    return wrong + ["a picture without alt" for each in page.all("img") if "alt" not in each.attributes]


def _forms(page: Page) -> list[str]:
    wrong = []
    targets = {each.attributes.get("for") for each in page.all("label")}
    for each in page.all("input", "select", "textarea"):
        kind = each.attributes.get("type", "text")
        if kind in UNLABELLED_INPUTS:
            continue
        if not (each.inside("label") or each.attributes.get("id") in targets):
            wrong.append(f"no label: {each.attributes.get('name')}")
        if kind == "radio" and not each.inside("fieldset"):
            wrong.append(f"choices outside a fieldset: {each.attributes.get('name')}")
    wrong += [
        "a fieldset without a legend"
        for each in page.all("fieldset")
        if each.children[:1] == [] or each.children[0].tag != "legend"
    ]
    wrong += ["a form that GETs" for each in page.all("form") if each.attributes.get("method") != "post"]
    return wrong


def _tables(page: Page) -> list[str]:
    wrong = []
    for table in page.all("table"):
        heads = [each for each in page.all("th") if _in(each, table)]
        wrong += (
            []
            if any(child.tag == "caption" and child.text for child in table.children)
            else ["a table without a caption"]
        )
        wrong += [
            f"a head without scope: {each.text}" for each in heads if each.attributes.get("scope") not in {"col", "row"}
        ]
        wrong += [] if any(each.attributes.get("scope") == "col" for each in heads) else ["a table without heads"]
        rows = [each for each in page.all("tr") if _in(each, table)]
        widths = {len([cell for cell in row.children if cell.tag in {"td", "th"}]) for row in rows}
        wrong += [] if len(widths) == 1 else [f"rows of {sorted(widths)} cells"]
    return wrong


def _dangers(page: Page) -> list[str]:
    wrong = [f"a {each.tag}" for each in page.all("script", "iframe", "object", "embed", "form-action")]
    for each in page.elements:
        wrong += [f"{name} in {each.tag}" for name in each.attributes if re.match(r"on[a-z]", name)]
        away = [each.attributes.get(name, "") for name in ("src", "action")]
        wrong += [f"loads {where}" for where in away if re.match(r"(https?:)?//|javascript:|data:", where)]
    return wrong


def _named(page: Page, element: Element) -> bool:
    if element.attributes.get("aria-label"):
        return True
    by = element.attributes.get("aria-labelledby")
    return any(by and each.attributes.get("id") == by and each.text for each in page.elements)


def _in(element: Element, table: Element) -> bool:
    above = element.parent
    while above is not None and above is not table:
        above = above.parent
    return above is table
