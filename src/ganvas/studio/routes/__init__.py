"""The routes of the studio: a module for each page, and one for who may come in."""

from . import pictures, session, train, watch

ROUTERS = (session.router, pictures.router, train.router, watch.router)
