"""Charts as files."""

from django.http import HttpResponse

from emptychair.analysis.show.charts import Chart
from emptychair.analysis.show.render import png_image, svg_image
from emptychair.programme.lib.spreadsheets import csv_lines


def chart_answer(chart: Chart, kind: str, *, is_dark: bool = False) -> HttpResponse:
    """Return a chart as the file `kind` asks for: svg, png or csv."""
    if kind == "svg":
        image = svg_image(chart, "dark" if is_dark else "light")
        answer = HttpResponse(image, content_type="image/svg+xml")
    elif kind == "png":
        image_bytes = png_image(chart, "dark" if is_dark else "light")
        answer = HttpResponse(image_bytes, content_type="image/png")
    else:
        lines = csv_lines(chart.header, chart.rows)
        answer = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{chart.name}.{kind}"'
    return answer
