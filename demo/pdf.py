"""Tiny documents to download: PDF files of one page, written by hand."""

from __future__ import annotations

LINE = 18  # points from one line of text to the next


def write_pdf(title: str, lines: list[str]) -> bytes:
    """Return a PDF of one A4 page with a title and some lines, which says that it is made up."""
    shown_lines = [title, "", *lines, "", "This is a demonstration. All of it is made up."]
    shown = "".join(f"({_escaped(line)}) Tj T*\n" for line in shown_lines)
    page = f"BT /F1 12 Tf {LINE} TL 72 770 Td\n{shown}ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(page)} >>\nstream\n{page}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< /Title ({_escaped(title)}) >>",
    ]
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    body += (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 6 0 R >>\n"
        f"startxref\n{len(body)}\n%%EOF\n"
    )
    return body.encode("ascii")


def _escaped(text: str) -> str:
    """Return text as it may stand between brackets; what is not ASCII becomes a question mark."""
    plain = text.encode("ascii", "replace").decode()
    return plain.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
