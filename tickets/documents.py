"""Documents as people print, sign and file them: what stands in them is pure data, made into Word files here."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from docx import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_BODY, _TITLE = "仿宋", "黑体"


@dataclass(frozen=True, slots=True)
class Heading:
    """The name of a part."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a head."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Document:
    """A title, an optional number under it, the parts, and who signs when."""

    title: str
    parts: Sequence[Heading | Paragraph | Grid]
    number: str = ""
    signed: Sequence[str] = ()


def as_word(document: Document) -> bytes:
    """The document as .docx, A4, in the typefaces of official papers."""
    word = WordDocument()
    section = word.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.6)
    normal = word.styles["Normal"]
    normal.font.name, normal.font.size = _BODY, Pt(14)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), _BODY)
    _line(word, document.title, size=20, face=_TITLE, align=WD_ALIGN_PARAGRAPH.CENTER)
    if document.number:
        _line(word, document.number, align=WD_ALIGN_PARAGRAPH.CENTER)
    for part in document.parts:
        match part:
            case Heading(text=text):
                _line(word, text, face=_TITLE)
            case Paragraph(text=text):
                for line in text.splitlines() or [""]:
                    _line(word, line).paragraph_format.first_line_indent = Pt(28)
            case Grid():
                _grid(word, part)
    for line in document.signed:
        _line(word, line, align=WD_ALIGN_PARAGRAPH.RIGHT)
    out = BytesIO()
    word.save(out)
    return out.getvalue()


def _line(word, text: str, *, size: int = 14, face: str = _BODY, align: WD_ALIGN_PARAGRAPH | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    paragraph = word.add_paragraph()
    paragraph.alignment = align
    run = paragraph.add_run(_printable(text))
    run.font.size, run.font.name = Pt(size), face
    run._element.rPr.rFonts.set(qn("w:eastAsia"), face)
    return paragraph


def _grid(word, grid: Grid) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    table = word.add_table(rows=1, cols=len(grid.head))
    table.style = "Table Grid"
    for cells, values in ((table.rows[0].cells, grid.head), *((table.add_row().cells, row) for row in grid.rows)):
        for cell, value in zip(cells, values, strict=True):
            cell.text = _printable(value)
            for run in cell.paragraphs[0].runs:
                run.font.size = Pt(10)


def _printable(text: str) -> str:
    """XML holds no control characters."""
    return "".join(sign for sign in text if sign.isprintable() or sign == "\t")
