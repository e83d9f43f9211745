"""The web server's core: waitress reads whole requests within limits, and only those get a thread.

gunicorn keeps the processes (`config/gunicorn.py`), `worker` is its worker class. docs/decisions/0009 says why.
"""
