"""The routes of the studio: a module for each page, and one for who may come in."""

from . import explore, gallery, pictures, quality, repaint, session, train, watch

ROUTERS = tuple(page.router for page in (session, pictures, train, watch, explore, repaint, gallery, quality))
