"""The application as plain WSGI, set up by the environment: `granian --interface wsgi wsgi:app`."""

from service.app import from_environ

app = from_environ()
