"""The HTTP interface, one file per resource. A view function only translates: parse, one call, shape."""
