# SPDX-License-Identifier: Apache-2.0
"""What the manual pages say, and what the sources print, as plain text that can be compared."""

import re

ESCAPES = {r"\-": "-", r"\(dq": '"', r"\(aq": "'", r"\(ga": "`", r"\(ha": "^", r"\(ti": "~", r"\e": "\\", r"\&": "",
           r"\c": "", r"\ ": " "}
FONTS = r"\\f[BIRP]"
# Text of these macros is text of the page, in two fonts in turn or in one.
ALTERNATING = ("BR", "RB", "BI", "IB", "IR", "RI")
WITH_TEXT = ("B", "I", "SH", "SS")


def plain(line):
    """A line of a page without its font changes and escapes."""
    line = re.sub(FONTS, "", line)
    return re.sub(r"\\(?:\(\w\w|.)", lambda match: ESCAPES[match[0]], line)


def arguments(text):
    """Of a macro: words, or texts in quotes."""
    return [quoted or word for quoted, word in re.findall(r'"([^"]*)"|(\S+)', text.replace(r"\ ", "\0"))]


def lines_of(page):
    """(macro, text) for each line of a page; macro is "" for text."""
    for line in page.splitlines():
        if line.startswith(r".\""):
            continue
        match = re.match(r"\.(\w+)\s*(.*)", line)
        if not match:
            yield "", plain(line)
        elif match[1] in ALTERNATING:
            yield match[1], plain("".join(arguments(match[2])).replace("\0", " "))
        elif match[1] in WITH_TEXT:
            yield match[1], plain(" ".join(arguments(match[2])).replace("\0", " "))
        else:
            yield match[1], ""


def section(page, name):
    """The lines between this .SH and the next."""
    found = re.search(rf"^\.SH {re.escape(name)}\n(.*?)(?=^\.SH |\Z)", page, re.MULTILINE | re.DOTALL)
    if found is None:
        raise AssertionError(f"no section {name}")
    return found[1]


def entries(page):
    """What stands behind each .TP (and .TQ), with the text below it."""
    found = []
    heading = False
    for macro, text in lines_of(page):
        if macro in ("TP", "TQ"):
            heading = True
        elif macro in ("SH", "SS", "PP"):
            heading = False
            found.append((None, ""))
        elif heading:
            found.append((text, ""))
            heading = False
        elif found and text:
            found[-1] = (found[-1][0], f"{found[-1][1]} {text}".strip())
    return [(name, text) for name, text in found if name is not None]


def text_of(page):
    """All of a page, in one line."""
    return " ".join(" ".join(text for _, text in lines_of(page)).split())


def examples(page):
    """{file name: content} of the examples whose first line is a comment with the name."""
    found = {}
    for block in re.findall(r"^\.EX\n(.*?)^\.EE$", page, re.MULTILINE | re.DOTALL):
        content = "\n".join(plain(line) for line in block.splitlines()).lstrip("\n") + "\n"
        name = re.match(r"(?://|#) ([\w./-]+)\n", content)
        if name:
            found[name[1]] = content
    return found


LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


def call_arguments(source, call):
    """The text between the parentheses of each call whose name matches."""
    for match in re.finditer(rf"(?<!\w){call}\(", source):
        depth = 1
        at = match.end()
        while depth > 0:
            if source[at] == '"':  # parentheses in it do not count
                at = LITERAL.match(source, at).end()
                continue
            depth += {"(": 1, ")": -1}.get(source[at], 0)
            at += 1
        yield source[match.end():at - 1]


def literals(code):
    """The texts in quotes; those with nothing in between are one."""
    found = []
    end = -1
    for match in LITERAL.finditer(code):
        text = re.sub(r"\\(.)", lambda escape: {"n": " "}.get(escape[1], escape[1]), match[1])
        if found and not code[end:match.start()].strip():
            found[-1] += text
        else:
            found.append(text)
        end = match.end()
    return found


def constant_parts(code):
    """What a message says whatever is put into it: the literals, without their placeholders."""
    parts = []
    for literal in literals(code):
        for part in re.split(r"%[-\d.]*(?:zu|s|d|u)", literal):
            part = " ".join(part.strip(" \n:;,()\"").split())
            if re.search(r"[A-Za-z]{2}", part):
                parts.append(part)
    return parts
