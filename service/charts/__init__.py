"""Charts: figures in; SVG, PNG or Vega-Lite out. Pure functions that know no web, no record and no language."""
