from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-chart",
    "A chart whose data comes from outside: Vega, plotly, GeoJSON",
    closed_by="wire filter: charts that load are withheld, plotly's addresses removed",
)
def cell(address: str) -> str:
    return f"""
vega = {{"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "data": {{"url": "{address}?vega"}},
        "mark": "point", "encoding": {{"x": {{"field": "a", "type": "quantitative"}}}}}}
display({{"application/vnd.vegalite.v5+json": vega, "text/plain": "x"}}, raw=True)
plotly = {{"data": [], "layout": {{"images": [{{"source": "{address}?plotly", "sizex": 1, "sizey": 1}}]}}}}
display({{"application/vnd.plotly.v1+json": plotly, "text/plain": "x"}}, raw=True)
"""
